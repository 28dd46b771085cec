import GatewayCore

/// The host of a request, checked and in lower case.
struct HostName: Equatable {
    let name: String

    /// Reads `name[:port]`, where a name is a DNS name, an IPv4 address or an IPv6 address in brackets.
    init(authority: String) throws(RequestFault) {
        let shape = authority.withBytes { Shape($0) }
        guard shape.isValid else { throw .host }
        guard shape.hasUpperCase || shape.nameLength < authority.utf8.count else {
            name = authority
            return
        }
        let utf8 = authority.utf8.prefix(shape.nameLength)
        name = shape.hasUpperCase ? String(decoding: utf8.map(\.lowercased), as: UTF8.self) : String(Substring(utf8))
    }

    /// What one pass over the bytes finds out.
    private struct Shape {
        var isValid = false
        var hasUpperCase = false
        var nameLength = 0

        init(_ bytes: Span<UInt8>) {
            guard bytes.count > 0, bytes.count <= 261 else { return }
            let isAddress = bytes[0] == 0x5b
            var index = isAddress ? 1 : 0
            while index < bytes.count, isAddress ? bytes[index].isAddress : bytes[index].isHostName {
                if bytes[index] &- 0x41 < 26 { hasUpperCase = true }
                index += 1
            }
            guard index > (isAddress ? 3 : 0) else { return }
            if isAddress {
                guard index < bytes.count, bytes[index] == 0x5d else { return }
                index += 1
            }
            nameLength = index
            isValid = index == bytes.count || Self.isPort(bytes, from: index)
        }

        private static func isPort(_ bytes: Span<UInt8>, from colon: Int) -> Bool {
            guard bytes[colon] == 0x3a, colon + 1 < bytes.count, bytes.count - colon <= 6 else { return false }
            var port = 0
            for index in (colon + 1)..<bytes.count {
                let digit = bytes[index] &- 0x30
                guard digit < 10 else { return false }
                port = port * 10 + Int(digit)
            }
            return port <= 65_535
        }
    }
}

extension UInt8 {
    fileprivate var isHostName: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
    }

    fileprivate var isAddress: Bool { hexDigit != nil || self == 0x3a || self == 0x2e }
}
