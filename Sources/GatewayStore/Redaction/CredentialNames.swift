/// Names whose values are credentials wherever they stand, in lower case.
enum CredentialNames {
    static let headers: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "api-key", "x-api-key", "apikey",
        "x-goog-api-key",
        "ocp-apim-subscription-key", "x-amz-security-token", "x-auth-token", "x-access-token", "x-csrf-token",
        "authentication-info", "proxy-authentication-info", "www-authenticate",
    ]

    /// Of members of JSON bodies, and of pairs of a query or a form.
    static let fields: Set<String> = [
        "password", "passwd", "pwd", "secret", "client_secret", "clientsecret", "api_key", "apikey", "api-key",
        "x-api-key",
        "access_token", "accesstoken", "refresh_token", "refreshtoken", "id_token", "idtoken", "authorization",
        "private_key",
        "privatekey", "secret_key", "secretkey", "session_token", "bearer_token", "primarykey", "secondarykey",
        "client_assertion", "connectionstring", "connection_string", "aws_secret_access_key", "aws_session_token",
        "subscription-key", "subscription_key", "account_key", "sas_token",
    ]

    /// Of pairs of a query only: the short names that services give their keys in a URL.
    static let query: Set<String> = fields.union([
        "key", "token", "code", "sig", "signature", "x-amz-signature", "auth",
    ])
}
