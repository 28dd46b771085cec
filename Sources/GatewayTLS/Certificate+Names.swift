import COpenSSL
import Foundation

extension Certificate {
    /// The DNS names and IP addresses that the certificate is for; its common name where it has none.
    var names: [String] {
        guard let list = unsafe X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) else {
            return commonName.map { [$0] } ?? []
        }
        let names = OpaquePointer(list)
        defer { unsafe GENERAL_NAMES_free(names) }
        return unsafe (0..<OPENSSL_sk_num(names)).compactMap { index in
            guard let entry = unsafe OPENSSL_sk_value(names, index) else { return nil }
            return unsafe Self.text(of: entry.assumingMemoryBound(to: GENERAL_NAME.self).pointee)
        }
    }

    private static func text(of name: GENERAL_NAME) -> String? {
        switch unsafe name.type {
        case GEN_DNS: unsafe String(decoding: bytes(of: name.d.dNSName), as: UTF8.self).lowercased()
        case GEN_IPADD: unsafe IPAddressText.make(bytes(of: name.d.iPAddress))
        default: nil
        }
    }

    private static func bytes(of string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string = unsafe string, let start = unsafe ASN1_STRING_get0_data(string) else { return [] }
        return unsafe [UInt8](UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(string))))
    }

    private var commonName: String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let length = unsafe X509_NAME_get_text_by_NID(
            X509_get_subject_name(pointer),
            NID_commonName,
            &buffer,
            Int32(buffer.count)
        )
        guard length > 0 else { return nil }
        return String(decoding: buffer.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self).lowercased()
    }
}

/// IP addresses as people write them, for names in certificates.
enum IPAddressText {
    static func make(_ bytes: [UInt8]) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16,
            unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil
        else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The address in its one canonical spelling, or nil where the text is no address.
    static func canonical(_ text: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 { return make(Array(bytes.prefix(4))) }
        if unsafe inet_pton(AF_INET6, text, &bytes) == 1 { return make(bytes) }
        return nil
    }
}
