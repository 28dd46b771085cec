import GatewayCore

/// Collects what is wrong with one resource.
struct Findings {
    let resource: String
    private(set) var problems: [Problem] = []

    init(_ resource: String) {
        self.resource = resource
    }

    mutating func note(_ code: Problem.Code, _ field: String, _ message: String) {
        problems.append(Problem(code, resource, field: field, message))
    }

    /// A list that may not be longer, nor say anything twice.
    mutating func checkList(_ list: [some Hashable], _ field: String, atMost most: Int) {
        if list.count > most { note(.tooMany, field, "must be at most \(most), and there are \(list.count)") }
        if Set(list).count < list.count { note(.duplicate, field, "lists an entry twice; keep one") }
    }

    mutating func checkQueueWeight(_ weight: Int) {
        let range = QueueWeight.range
        guard !range.contains(weight) else { return }
        let message = "is \(weight); it must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        note(.invalidValue, "queueWeight", message)
    }

    /// CIDR networks.
    mutating func checkNetworks(_ networks: [String], _ field: String) {
        checkList(networks, field, atMost: 256)
        do throws(NetworkList.Unreadable) {
            _ = try NetworkList(networks)
        } catch {
            let message = "is not a network; write an address and a prefix length such as 10.0.0.0/8 or fc00::/7"
            note(.invalidNetwork, field, "\(error.entry) \(message)")
        }
    }
}

/// How texts of people and programs may look.
enum TextRule {
    /// What of a text can stand in a message.
    static func printable(_ text: String) -> String {
        String(
            decoding: text.utf8.prefix(100).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self
        )
    }

    static let name = "must be 3 to 64 letters, digits, -, _ and ."

    /// A name that is unique in its tenant: of a key, an issuer, a role, a webhook.
    static func isName(_ text: String) -> Bool {
        (3...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f }
    }

    /// Something to read: not empty and without control characters.
    static func isReadable(_ text: String, atMost most: Int) -> Bool {
        let scalars = text.unicodeScalars
        return (1...most).contains(scalars.count)
            && scalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
    }

    /// A value that is compared whole: visible ASCII and spaces within.
    static func isValue(_ text: String, atMost most: Int) -> Bool {
        (1...most).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
            && !text.hasPrefix(" ") && !text.hasSuffix(" ")
    }

    /// RFC 9110 §5.6.2.
    static func isToken(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(HeaderRule.isTokenByte)
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
