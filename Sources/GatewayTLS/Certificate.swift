import COpenSSL
import Foundation

/// One X.509 certificate.
///
/// Safe because the pointer has this one owner and the certificate is not changed after it was made.
@safe
final class Certificate: Sendable {
    private let address: SharedAddress
    var pointer: OpaquePointer? { unsafe address.pointer }

    init(adopting pointer: OpaquePointer) { address = unsafe SharedAddress(pointer) }
    deinit { unsafe X509_free(pointer) }

    var subject: String { unsafe Self.text(of: X509_get_subject_name(pointer)) }
    var issuer: String { unsafe Self.text(of: X509_get_issuer_name(pointer)) }
    var notBefore: Date { unsafe Self.date(of: X509_get0_notBefore(pointer)) }
    var notAfter: Date { unsafe Self.date(of: X509_get0_notAfter(pointer)) }

    /// SHA-256 of the whole certificate, in lower-case hexadecimal digits.
    var fingerprint: String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard unsafe X509_digest(pointer, EVP_sha256(), &digest, &length) == 1 else { return "" }
        return digest.prefix(Int(length)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    func isSigned(by issuer: Certificate) -> Bool {
        let isVerified = unsafe X509_verify(pointer, X509_get0_pubkey(issuer.pointer)) == 1
        ErrorQueue.clear()
        return isVerified
    }

    private static func text(of name: OpaquePointer?) -> String {
        guard let sink = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(sink) }
        let flags = copenssl_name_flags
        unsafe X509_NAME_print_ex(sink, name, 0, flags)
        var buffer = [UInt8](repeating: 0, count: 1_024)
        var count = 0
        guard unsafe BIO_read_ex(sink, &buffer, buffer.count, &count) == 1 else { return "" }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    private static func date(of time: UnsafePointer<ASN1_TIME>?) -> Date {
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return .distantPast }
        return unsafe Date(timeIntervalSince1970: Double(timegm(&parts)))
    }
}

/// One private key.
///
/// Safe because the pointer has this one owner and the key is not changed after it was made.
@safe
final class PrivateKey: Sendable {
    private let address: SharedAddress
    var pointer: OpaquePointer? { unsafe address.pointer }

    init(adopting pointer: OpaquePointer) { address = unsafe SharedAddress(pointer) }
    deinit { unsafe EVP_PKEY_free(pointer) }
}
