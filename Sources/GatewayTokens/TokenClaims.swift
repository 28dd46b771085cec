package import JWTKit

/// What a token says; wrong JSON types do not decode.
package struct TokenClaims: JWTPayload {
    package let subject: String?
    package let issuer: String
    package let audiences: [String]
    /// Seconds since 1970.
    package let expiration: Double
    package let notBefore: Double?

    package init(subject: String?, issuer: String, audiences: [String], expiration: Double, notBefore: Double?) {
        self.subject = subject
        self.issuer = issuer
        self.audiences = audiences
        self.expiration = expiration
        self.notBefore = notBefore
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        subject = try members.decodeIfPresent(String.self, forKey: .sub)
        issuer = try members.decode(String.self, forKey: .iss)
        expiration = try members.decode(Double.self, forKey: .exp)
        notBefore = members.contains(.nbf) ? try members.decode(Double.self, forKey: .nbf) : nil
        if let one = try? members.decode(String.self, forKey: .aud) {
            audiences = [one]
        } else {
            audiences = try members.decode([String].self, forKey: .aud)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encodeIfPresent(subject, forKey: .sub)
        try members.encode(issuer, forKey: .iss)
        try members.encode(audiences, forKey: .aud)
        try members.encode(expiration, forKey: .exp)
        try members.encodeIfPresent(notBefore, forKey: .nbf)
    }

    /// Nothing here: time, issuer and audience are checked by `TokenVerifier`, which is given them.
    package func verify(using algorithm: some JWTAlgorithm) {}

    private enum Member: String, CodingKey {
        case sub
        case iss
        case aud
        case exp
        case nbf
    }
}
