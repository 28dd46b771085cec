import Foundation
import GatewayCore

/// Any definition as JSON, for the audit log and for tags.
///
/// It walks over the stored properties, so that a property that is added later is in the log without anybody thinking of
/// it; what may be a secret is left out by its type, and by its name where the type says nothing.
indirect enum Described: Encodable, Equatable {
    case nothing
    case flag(Bool)
    case number(Int64)
    case text(String)
    case list([Described])
    case object([String: Described])

    private static let hidden = Described.text("(not shown)")
    private static let secretNames = ["environmentVariables", "password", "secret", "token"]

    /// - Parameter isRevealing: with everything, for a digest of it.
    init(_ value: Any, isRevealing: Bool = false) {
        switch value {
        case let header as UpstreamHeader where !isRevealing:
            self = .object(["name": .text(header.name), "value": Self.hidden])
        case let secret as DeploymentSecret where !isRevealing:
            self = .object(["name": .text(secret.name), "value": Self.hidden, "changedAt": .number(secret.changedAt)])
        case let digest as KeyDigest: self = .text(Self.fingerprint(digest))
        case let webhook as WebhookDefinition where !isRevealing: self = Self.webhook(webhook)
        case let text as String: self = .text(text)
        case let flag as Bool: self = .flag(flag)
        case let number as any BinaryInteger: self = .number(Int64(clamping: number))
        case let number as Double: self = .text("\(number)")
        default: self = Self.walk(Mirror(reflecting: value), value, isRevealing)
        }
    }

    private static func walk(_ mirror: Mirror, _ value: Any, _ isRevealing: Bool) -> Described {
        switch mirror.displayStyle {
        case .optional: mirror.children.first.map { Described($0.value, isRevealing: isRevealing) } ?? .nothing
        case .collection: .list(mirror.children.map { Described($0.value, isRevealing: isRevealing) })
        case .set:
            .list(mirror.children.map { Described($0.value, isRevealing: isRevealing) }.sorted { $0.order < $1.order })
        case .dictionary: dictionary(mirror, isRevealing)
        case .enum: enumeration(mirror, value, isRevealing)
        default: object(mirror, isRevealing)
        }
    }

    private static func object(_ mirror: Mirror, _ isRevealing: Bool) -> Described {
        var members: [String: Described] = [:]
        for (position, child) in mirror.children.enumerated() {
            let name = child.label ?? "\(position)"
            let member = Described(child.value, isRevealing: isRevealing)
            members[name] = isRevealing ? member : member.concealed(as: name)
        }
        return .object(members)
    }

    private static func dictionary(_ mirror: Mirror, _ isRevealing: Bool) -> Described {
        var members: [String: Described] = [:]
        for child in mirror.children {
            let pair = Array(Mirror(reflecting: child.value).children.map(\.value))
            guard pair.count == 2 else { continue }
            members["\(pair[0])"] = Described(pair[1], isRevealing: isRevealing)
        }
        return .object(members)
    }

    /// A case alone is a word; with values, it is an object with one member.
    private static func enumeration(_ mirror: Mirror, _ value: Any, _ isRevealing: Bool) -> Described {
        if let word = value as? any RawRepresentable { return Described(word.rawValue) }
        guard let payload = mirror.children.first else { return .text("\(value)") }
        return .object([payload.label ?? "value": Described(payload.value, isRevealing: isRevealing)])
    }

    /// The path of a webhook's URL is often all that its receiver asks for.
    private static func webhook(_ webhook: WebhookDefinition) -> Described {
        let host = URLComponents(string: webhook.url)?.host ?? ""
        return .object([
            "tenant": .text(webhook.tenant), "name": .text(webhook.name), "host": .text(host),
            "url": hidden, "isNamedByTenant": .flag(webhook.isNamedByTenant),
            "events": .list(webhook.events.map(Described.text)),
            "headers": .list(webhook.headers.map { Described($0) }),
        ])
    }

    /// Enough to see that a key has changed.
    private static func fingerprint(_ digest: KeyDigest) -> String {
        "sha256:" + digest.bytes.prefix(4).map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined()
    }

    /// Without the values of what is named like a secret.
    private func concealed(as name: String) -> Described {
        guard Self.secretNames.contains(where: { name.lowercased() == $0.lowercased() }) else { return self }
        return switch self {
        case .nothing: .nothing
        case .object(let members): .object(members.mapValues { _ in Self.hidden })
        case .flag, .number, .text, .list: Self.hidden
        }
    }

    private var order: String {
        (try? StoredJSON.text(self)) ?? ""
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .nothing: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let members): try container.encode(members)
        }
    }

    /// Names of the members that two descriptions of one resource do not have in common.
    static func difference(_ old: Described, _ new: Described) -> [String] {
        guard case .object(let old) = old, case .object(let new) = new else { return [] }
        return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
    }
}
