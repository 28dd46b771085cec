import GatewayCore
import Testing

@testable import GatewayStore

/// Names that say that what stands behind them is a credential, and names that only sound alike.
@Suite struct CredentialNamesTests {
    private func text(_ body: String, type: String) -> String {
        let headers = [CapturedMessage.Header(name: "content-type", value: type)]
        let message = CapturedMessage(headers: headers, body: Array(body.utf8), size: Int64(body.utf8.count))
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), request: message)
        return String(decoding: Redactor(RedactionRule()).redact(capture).request.body, as: UTF8.self)
    }

    private func query(_ query: String) -> String {
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), query: query)
        return Redactor(RedactionRule()).redact(capture).query
    }

    private static let credentials = [
        "password", "db_password", "new_password", "userPassword", "password2", "user[password]", "auth_token",
        "HF_TOKEN", "slackBotToken", "nextAuthToken", "passphrase", "OPENAI_API_KEY", "OpenAIAPIKey", "x_api_key",
        "apiKey2", "accountKey", "secretAccessKey", "primaryKey", "AccessKey", "subscription-key", "clientSecret",
        "secrets.secret", "credentials", "connectionString", "client_assertion", "admin_token", "idToken", "set-cookie",
        "session_jwt", "ProxyAuthorization", "userPwd",
    ]

    private static let others = [
        "token", "tokens", "max_tokens", "max_completion_tokens", "prompt_tokens", "token_type", "token_ids",
        "next_page_token", "nextPageToken", "continuationToken", "skipToken", "stop_token", "bos_token",
        "eos_token_id", "price_per_token", "time_to_first_token", "return_token_ids", "llm_token_usage", "token_count",
        "key", "keys", "keywords", "keyboard", "cache_key", "prompt_cache_key", "partitionKey", "logit_bias", "monkey",
        "tokenizer", "author", "created", "temperature", "completion_tokens_details", "code", "sig", "",
    ]

    @Test(arguments: credentials)
    func `a member, a pair or a part of a form is a credential when a part of its name says so`(name: String) {
        #expect(text(#"{"\#(name)":"C4"}"#, type: "application/json") == #"{"\#(name)":"[field]"}"#)
        #expect(text("a=1&\(name)=C4", type: "application/x-www-form-urlencoded") == "a=1&\(name)=[credential]")
        #expect(query("\(name)=C4&a=1") == "\(name)=[credential]&a=1")
        let head = "--b\r\ncontent-disposition: form-data; name=\"\(name)\"\r\n\r\n"
        #expect(text("\(head)C4\r\n--b--", type: "multipart/form-data; boundary=b") == "\(head)[field]\r\n--b--")
    }

    @Test(arguments: others) func `and none when it only sounds alike`(name: String) {
        for body in [#"{"\#(name)":"C4"}"#, #"{"\#(name)":12345}"#] {
            #expect(text(body, type: "application/json") == body)
        }
        for body in ["\(name)=C4n4ry&a=1", "a=1&\(name)=C4n4ry"] {
            #expect(text(body, type: "application/x-www-form-urlencoded") == body)
        }
    }

    @Test(arguments: ["code", "sig", "token", "key"])
    func `short names are a credential's in a URL, and in no form`(name: String) {
        #expect(query("a=1&\(name)=C4n4ry") == "a=1&\(name)=[credential]")
        #expect(query("next_page_token=C4n4ry") == "next_page_token=C4n4ry")
        let form = "u=https://a.test/?\(name)%3DC4n4ry&\(name)=kept"
        #expect(
            text(form, type: "application/x-www-form-urlencoded")
                == "u=https://a.test/?\(name)=[credential]&\(name)=kept"
        )
    }

    @Test(arguments: [
        ("export db_password=C4n4ry now", "export db_password=[credential] now"),
        ("OPENAI_API_KEY=C4n4ry", "OPENAI_API_KEY=[credential]"),
        ("userPassword: C4n4ry", "userPassword: [credential]"), ("passphrase = C4n4ry", "passphrase = [credential]"),
        ("SLACK_AUTH_TOKEN='C4n4ry'", "SLACK_AUTH_TOKEN='[credential]'"),
        ("AccountName=a;AccountKey=C4n4ry==;X=1", "AccountName=a;AccountKey=[credential];X=1"),
        ("aws_secret_access_key = C4n4ry", "aws_secret_access_key = [credential]"),
        ("next_page_token=C4n4ry", "next_page_token=C4n4ry"), ("max_tokens: 5000", "max_tokens: 5000"),
        ("cache_key: C4n4ry", "cache_key: C4n4ry"),
    ])
    func `in a text it is what a name ends with that says so`(text: String, kept: String) {
        #expect(self.text(text, type: "text/plain") == kept)
    }
}
