import GatewayCore
import NIOHTTP1

extension HTTPHeaders {
    /// Adds what CORS says; to a `Vary` that is there already only what it lacks, so that there is one.
    mutating func add(_ allowed: [CORSHeader]) {
        for header in allowed {
            if header.name == Self.vary, contains(where: { $0.name.isVary }) {
                vary(by: header.value)
            } else {
                add(name: header.name, value: header.value)
            }
        }
    }

    private mutating func vary(by value: String) {
        let present = self[canonicalForm: Self.vary].map(String.init)
        let missing = value.split(separator: ", ").filter { name in
            !present.contains { $0.lowercased() == name.lowercased() }
        }
        replaceOrAdd(name: Self.vary, value: (present + missing.map(String.init)).joined(separator: ", "))
    }

    private static let vary = "vary"
}

extension String {
    /// The length first: it rules out nearly every name.
    fileprivate var isVary: Bool { utf8.count == 4 && lowercased() == "vary" }
}
