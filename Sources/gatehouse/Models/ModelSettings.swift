/// How models are pulled, as the section `models:` says it.
struct ModelSettings: Sendable, Equatable {
    static let publicHub = "https://huggingface.co"

    /// Bytes that all pulled models may have; `nil` = as many as the disk has.
    var limit: Int64?
    /// What `hf://` means instead of the public hub or `HF_ENDPOINT`; without a slash at the end.
    var hub: String?
    /// Nothing is fetched.
    var isOffline = false
    /// A file with the certificates to trust instead of the system's.
    var authority: String?

    func hubURL(environment: [String: String]) -> String {
        if let hub { return hub }
        let mirror = environment["HF_ENDPOINT"].flatMap { Self.hub($0) }
        return mirror ?? Self.publicHub
    }

    /// `nil` for what is no base URL.
    static func hub(_ text: String) -> String? {
        var url = text
        while url.hasSuffix("/") { url.removeLast() }
        let host = ["https://", "http://"].compactMap { url.hasPrefix($0) ? url.dropFirst($0.count) : nil }.first
        guard let host, !host.isEmpty, !host.contains("@"), !host.contains("?"), !host.contains("#"),
            !host.hasPrefix("/"), host.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        return url
    }
}
