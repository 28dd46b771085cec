/// Brings a path into the one form that is routed, authorised and forwarded (H1-14).
enum PathNormaliser {
    static func normalise(_ path: Substring, if isNeeded: Bool) throws(RequestFault) -> String {
        guard isNeeded else { return String(path) }
        guard !path.isEmpty else { return "/" }
        let decoded = try decodeUnreserved(Array(path.utf8))
        return String(decoding: try resolveDotSegments(decoded), as: UTF8.self)
    }

    /// Decodes escapes of letters, digits and `-._~` once; keeps every other escape as it stands.
    private static func decodeUnreserved(_ bytes: [UInt8]) throws(RequestFault) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x25 else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = bytes[index + 1].hexDigit, let low = bytes[index + 2].hexDigit
            else { throw .targetEscape }
            let byte = high << 4 | low
            guard byte >= 0x20, byte != 0x7f, byte != 0x2f, byte != 0x5c else { throw .targetEscape }
            if byte.isUnreserved { result.append(byte) } else { result.append(contentsOf: bytes[index...index + 2]) }
            index += 3
        }
        return result
    }

    /// Removes `.` and `..` as RFC 3986 5.2.4 does; above the root there is only the root.
    private static func resolveDotSegments(_ bytes: [UInt8]) throws(RequestFault) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var start = 0
        while start < bytes.count {
            let end = bytes[(start + 1)...].firstIndex(of: 0x2f) ?? bytes.count
            let segment = bytes[(start + 1)..<end]
            let isLast = end == bytes.count
            switch dots(segment) {
            case 0: result.append(contentsOf: bytes[start..<end])
            case 1 where isLast: result.append(0x2f)
            case 1: break
            default:
                result.removeSubrange((result.lastIndex(of: 0x2f) ?? 0)...)
                if isLast { result.append(0x2f) }
            }
            // `/..;x/` is a dot segment to servers that know path parameters, and a name to others.
            guard !isDotsWithParameter(segment) else { throw .targetSegment }
            start = end
        }
        return result
    }

    private static func dots(_ segment: ArraySlice<UInt8>) -> Int {
        segment.count <= 2 && segment.allSatisfy { $0 == 0x2e } ? segment.count : 0
    }

    private static func isDotsWithParameter(_ segment: ArraySlice<UInt8>) -> Bool {
        guard let end = segment.firstIndex(of: 0x3b) else { return false }
        return dots(segment[..<end]) > 0
    }
}

extension UInt8 {
    /// Whether the byte needs no escape anywhere in a URL (RFC 3986 2.3).
    fileprivate var isUnreserved: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
        default: false
        }
    }
}
