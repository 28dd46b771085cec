import Foundation
import GatewayCore
import GatewayStore

/// Which addresses webhooks may be sent to (SECURITY S-1): what `AddressRule` allows, in clear only within private networks.
struct WebhookAddress: Sendable {
    /// What is allowed where no private network is: the public addresses.
    private static let publicOnly = AddressRule(allowed: NetworkList(known: []))

    private let rule: AddressRule

    init(allowed networks: NetworkList) {
        rule = AddressRule(allowed: networks)
    }

    /// Why a webhook may not have this URL; `nil` when it may, as far as its text tells.
    func refusal(of url: String) -> String? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            let host = parts.host, !host.isEmpty
        else { return "the URL is not valid" }
        guard scheme == "https" || scheme == "http" else { return "the URL must begin with https://" }
        guard parts.user == nil, parts.password == nil else {
            return "the URL must not hold a user name or password; use a header"
        }
        let bare =
            host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if let refusal = rule.refusal(ofHost: bare.lowercased()) { return refusal }
        guard scheme == "http", IPAddress(bare) != nil, !mayDialInClear(bare) else { return nil }
        return "\(bare) is a public address, which needs https"
    }

    static func isClear(_ url: String) -> Bool {
        !url.lowercased().hasPrefix("https:")
    }

    /// Asked with the numeric address that is about to be dialled.
    func mayDial(_ address: String) -> Bool {
        IPAddress(address).map { rule.refusal(of: $0, spelled: address) == nil } ?? false
    }

    /// The same for `http`: only addresses that are private and were allowed as such.
    func mayDialInClear(_ address: String) -> Bool {
        guard let parsed = IPAddress(address) else { return false }
        return mayDial(address) && Self.publicOnly.refusal(of: parsed, spelled: address) != nil
    }
}
