/// The rules that names of resources keep (DESIGN §3, AZUREML.md §3.2).
package enum Names {
    /// First path segments with a fixed meaning; no tenant may take one.
    package static let reserved: Set<String> = [
        "v1", "v2", "openai", "endpoints", "adfs", "api", "metadata", "subscriptions", "store", "healthz", "readyz",
    ]

    /// `[a-z][a-z0-9-]{2,31}` and not reserved.
    package static func isTenant(_ name: String) -> Bool {
        isSlug(name, length: 3...32) && !reserved.contains(name)
    }

    /// Azure's rule for endpoints and deployments: a letter, then letters, digits and `-`, 3 to 32 in all, no `-` at the end.
    package static func isEndpoint(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (3...32).contains(bytes.count), let first = bytes.first, first.isLetter, bytes.last != UInt8(ascii: "-")
        else {
            return false
        }
        return bytes.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
    }

    package static func isDeployment(_ name: String) -> Bool { isEndpoint(name) }

    /// A name that a caller may write into a body's `model`: 1 to 256 visible ASCII characters.
    package static func isModelName(_ name: String) -> Bool {
        (1...256).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// A registered model's name or version: letters, digits, `.`, `_` and `-`, at most 255.
    package static func isArtifact(_ name: String) -> Bool {
        guard (1...255).contains(name.utf8.count), let first = name.utf8.first, first.isLetter || first.isDigit else {
            return false
        }
        return name.utf8.allSatisfy {
            $0.isLetter || $0.isDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }

    /// A DNS host name, lower case, without a port.
    package static func isHost(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard (1...63).contains(label.utf8.count), label.first != "-", label.last != "-" else { return false }
            return label.utf8.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isSlug(_ name: String, length: ClosedRange<Int>) -> Bool {
        let bytes = name.utf8
        guard length.contains(bytes.count), let first = bytes.first, first.isLowercaseLetter else { return false }
        return bytes.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLowercaseLetter: Bool { (0x61...0x7a).contains(self) }
    var isLetter: Bool { isLowercaseLetter || (0x41...0x5a).contains(self) }
}
