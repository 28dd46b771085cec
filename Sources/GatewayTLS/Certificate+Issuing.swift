import COpenSSL
import Foundation

/// Who signs: a certificate and its key.
struct Issuer {
    let certificate: Certificate
    let key: PrivateKey
}

/// What a new certificate should say.
struct CertificateRequest {
    /// An extension's name and its value in OpenSSL's own syntax.
    struct Extension {
        let kind: Int32
        let value: String
    }

    let commonName: String
    let key: PrivateKey
    let lifetime: TimeInterval
    let extensions: [Extension]
}

extension [CertificateRequest.Extension] {
    /// Signs servers only, never other authorities.
    static var authority: [CertificateRequest.Extension] {
        [
            .init(kind: NID_basic_constraints, value: "critical,CA:TRUE,pathlen:0"),
            .init(kind: NID_key_usage, value: "critical,keyCertSign,cRLSign"),
            .init(kind: NID_subject_key_identifier, value: "hash"),
        ]
    }

    /// Both key identifiers are there because Python 3.13 verifies strictly by default.
    static func server(_ names: [CertificateName]) -> [CertificateRequest.Extension] {
        [
            .init(kind: NID_basic_constraints, value: "critical,CA:FALSE"),
            .init(kind: NID_key_usage, value: "critical,digitalSignature"),
            .init(kind: NID_ext_key_usage, value: "serverAuth"),
            .init(kind: NID_subject_key_identifier, value: "hash"),
            .init(kind: NID_authority_key_identifier, value: "keyid:always"),
            .init(kind: NID_subject_alt_name, value: names.map(\.entry).joined(separator: ",")),
        ]
    }
}

extension Certificate {
    /// A certificate signed by `issuer`, or by its own key where there is none.
    static func issue(_ request: CertificateRequest, by issuer: Issuer?) throws(TLSError) -> Certificate {
        ErrorQueue.clear()
        guard let pointer = unsafe X509_new() else { throw .library(ErrorQueue.takeReason()) }
        let certificate = unsafe Certificate(adopting: pointer)
        let signer = issuer ?? Issuer(certificate: certificate, key: request.key)
        // A clock that is a little behind ours must not refuse a certificate that was just made.
        let start = Int(Date().timeIntervalSince1970) - 3_600
        let end = Int(Date().timeIntervalSince1970 + request.lifetime)
        guard unsafe X509_set_version(pointer, 2) == 1,
            unsafe setSerial(pointer),
            unsafe ASN1_TIME_set(X509_getm_notBefore(pointer), start) != nil,
            unsafe ASN1_TIME_set(X509_getm_notAfter(pointer), end) != nil,
            unsafe setCommonName(request.commonName, pointer),
            unsafe X509_set_issuer_name(pointer, X509_get_subject_name(signer.certificate.pointer)) == 1,
            unsafe X509_set_pubkey(pointer, request.key.pointer) == 1,
            unsafe add(request.extensions, pointer, signer),
            unsafe X509_sign(pointer, signer.key.pointer, EVP_sha256()) > 0
        else { throw .authority(ErrorQueue.takeReason()) }
        return certificate
    }

    var pem: String { unsafe PEM.text { sink in unsafe PEM_write_bio_X509(sink, pointer) } }

    private static func setSerial(_ certificate: OpaquePointer) -> Bool {
        guard let number = unsafe BN_new() else { return false }
        defer { unsafe BN_free(number) }
        // 127 random bits: positive, and below the 20 octets of RFC 5280.
        return unsafe BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
            && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }

    private static func setCommonName(_ name: String, _ certificate: OpaquePointer) -> Bool {
        // A common name has at most 64 characters; clients read the alternative names anyway.
        let bytes = Array(name.utf8.prefix(64))
        return unsafe X509_NAME_add_entry_by_NID(
            X509_get_subject_name(certificate),
            NID_commonName,
            MBSTRING_UTF8,
            bytes,
            Int32(bytes.count),
            -1,
            0
        ) == 1
    }

    private static func add(
        _ extensions: [CertificateRequest.Extension],
        _ certificate: OpaquePointer,
        _ signer: Issuer
    ) -> Bool {
        extensions.allSatisfy { wanted in
            var scope = unsafe X509V3_CTX()
            unsafe X509V3_set_ctx(&scope, signer.certificate.pointer, certificate, nil, nil, 0)
            guard let made = unsafe X509V3_EXT_conf_nid(nil, &scope, wanted.kind, wanted.value) else { return false }
            defer { unsafe X509_EXTENSION_free(made) }
            return unsafe X509_add_ext(certificate, made, -1) == 1
        }
    }
}

extension PrivateKey {
    /// A new key on P-256, which every client accepts and which signs a handshake ten times faster than RSA.
    static func generate() throws(TLSError) -> PrivateKey {
        guard let key = unsafe copenssl_generate_p256_key() else { throw .library(ErrorQueue.takeReason()) }
        return unsafe PrivateKey(adopting: key)
    }

    /// Write it only where nobody else can read it.
    var pem: String {
        unsafe PEM.text { sink in unsafe PEM_write_bio_PKCS8PrivateKey(sink, pointer, nil, nil, 0, nil, nil) }
    }
}

extension PEM {
    /// What `body` writes.
    static func text(_ body: (OpaquePointer) -> Int32) -> String {
        guard let sink = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(sink) }
        guard unsafe body(sink) == 1 else { return "" }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var count = 0
        guard unsafe BIO_read_ex(sink, &buffer, buffer.count, &count) == 1 else { return "" }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
