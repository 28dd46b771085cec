import Foundation

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

    /// `nil` when `HF_ENDPOINT` says something else than a base URL: another hub must not get what was meant for it.
    func hubURL(environment: [String: String]) -> String? {
        if let hub { return hub }
        guard let endpoint = environment["HF_ENDPOINT"], !endpoint.isEmpty else { return Self.publicHub }
        return Self.hub(endpoint)
    }

    /// What opens gated repositories; `nil` when there is none that fits into a header.
    static func token(environment: [String: String]) -> String? {
        let token = environment["HF_TOKEN"]?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        return !token.isEmpty && token.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? token : nil
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
