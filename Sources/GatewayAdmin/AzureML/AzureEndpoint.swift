import GatewayAPI
import GatewayCore

/// An online endpoint as Azure's clients put it: read, and checked as far as no store is needed.
struct AzureEndpoint: Sendable {
    /// What the SDK copies into `properties` of what it read; not a property.
    private static let copied: Set<String> = ["createdBy", "createdAt", "lastModifiedAt"]
    private static let inner: Set<String> = [
        "authMode", "description", "properties", "traffic", "mirrorTraffic", "publicNetworkAccess", "provisioningState",
        "scoringUri", "swaggerUri",
    ]

    let mode: AuthMode
    let description: String
    let tags: [String: String]
    let properties: [String: String]
    let traffic: [String: Int]
    let mirrorTraffic: [String: Int]
    /// `nil` where it is not said: then what is there stays.
    let isPrivate: Bool?
    let identity: ARMValue?
    /// Members that nobody reads.
    private let unknown: [String]

    init(_ body: ARMValue) throws(APIError) {
        guard let inner = body["properties"], inner.members != nil else {
            throw APIError(.invalid, "the body has no object properties", target: "properties")
        }
        guard inner["compute"] == nil else {
            throw APIError(.invalid, "Kubernetes endpoints are not supported; leave compute out", target: "compute")
        }
        guard inner["keys"] == nil else {
            throw APIError(
                .invalid,
                "keys are made here and cannot be chosen; leave keys out, and list them when the endpoint is there",
                target: "properties.keys"
            )
        }
        mode = try Self.mode(inner["authMode"])
        description = inner["description"]?.text ?? ""
        tags = try AzureText.map(body["tags"], "tags")
        properties = try AzureText.map(inner["properties"], "properties").filter { !Self.copied.contains($0.key) }
        traffic = try Self.weights(inner["traffic"], "traffic")
        mirrorTraffic = try Self.weights(inner["mirrorTraffic"], "mirrorTraffic")
        isPrivate = try AzureText.isDisabled(inner["publicNetworkAccess"], "publicNetworkAccess")
        identity = try AzureText.identity(body["identity"])
        unknown = AzureText.unknown(body, Self.inner)
    }

    /// What is not ours to give a meaning: kept and shown.
    var kept: ARMValue { .members(["identity": identity ?? ["type": "SystemAssigned"]]) }

    var warnings: [String] { unknown.map { "\($0) has no meaning here and is not kept" } }

    /// The definition with Azure's members as the client wants them; ours stay as they are.
    ///
    /// - Parameter deployments: names of the endpoint's deployments: the SDK writes all names in lower case.
    func applied(to before: EndpointDefinition, deployments: [String]) -> EndpointDefinition {
        var endpoint = before
        endpoint.description = description
        endpoint.tags = tags
        endpoint.properties = properties
        endpoint.traffic = Self.spelled(traffic, as: deployments)
        endpoint.mirrorTraffic = Self.spelled(mirrorTraffic, as: deployments)
        if let isPrivate { endpoint.isPrivate = isPrivate }
        // An endpoint may take several kinds of credentials, of which Azure knows one.
        if AuthModes.word(of: before.authModes.map(\.rawValue)) != mode.rawValue { endpoint.authModes = [mode] }
        return endpoint
    }

    static func spelled(_ weights: [String: Int], as deployments: [String]) -> [String: Int] {
        var spelled: [String: Int] = [:]
        for (name, weight) in weights {
            let exact = deployments.contains(name) ? name : deployments.first { $0.lowercased() == name.lowercased() }
            spelled[exact ?? name] = weight
        }
        return spelled
    }

    private static func mode(_ value: ARMValue?) throws(APIError) -> AuthMode {
        guard let value else { return .key }
        switch value.text?.lowercased().filter({ $0 != "_" }) {
        case "key": return .key
        case "amltoken": return .amlToken
        case "aadtoken": return .aadToken
        // Only what is there already shows this word: it is never a way to open an endpoint.
        case "none": return .none
        default: throw APIError(.invalid, "authMode must be Key, AMLToken or AADToken", target: "properties.authMode")
        }
    }

    private static func weights(_ value: ARMValue?, _ member: String) throws(APIError) -> [String: Int] {
        guard let value else { return [:] }
        guard let members = value.members else {
            throw APIError(.invalid, "must map deployments to per cent", target: "properties.\(member)")
        }
        var weights: [String: Int] = [:]
        for (name, weight) in members {
            guard let weight = weight.whole else {
                throw APIError(
                    .invalid,
                    "the weight of a deployment must be a whole number",
                    target: "properties.\(member)"
                )
            }
            weights[name] = weight
        }
        return weights
    }
}

/// Small readings that Azure's resources have in common.
enum AzureText {
    /// Members of a body that are read, or that say of a resource what it is.
    private static let outer: Set<String> = [
        "id", "name", "type", "location", "kind", "tags", "identity", "systemData", "sku", "properties",
    ]

    /// The members of a body that nobody reads.
    ///
    /// - Parameter inner: those of its `properties` that somebody does.
    static func unknown(_ body: ARMValue, _ inner: Set<String>) -> [String] {
        func others(_ value: ARMValue?, than known: Set<String>) -> [String] {
            (value?.members ?? [:]).filter { $0.value != .null && !known.contains($0.key) }.keys.sorted()
        }
        return others(body, than: outer) + others(body["properties"], than: inner).map { "properties.\($0)" }
    }

    /// As in a document: what would give the resource rights that it does not get is refused.
    static func identity(_ value: ARMValue?) throws(APIError) -> ARMValue? {
        let type = value?["type"]?.text ?? ""
        guard !type.lowercased().filter({ $0 != "_" }).contains("userassigned") else {
            throw APIError(.invalid, "\(type) is not built yet; use SystemAssigned or None", target: "identity.type")
        }
        return value
    }

    /// An object of scalars as texts.
    static func map(_ value: ARMValue?, _ member: String) throws(APIError) -> [String: String] {
        guard let value else { return [:] }
        guard let members = value.members else { throw APIError(.invalid, "must be an object", target: member) }
        var texts: [String: String] = [:]
        for (name, value) in members where value != .null {
            guard let text = value.scalarText else {
                throw APIError(.invalid, "every value must be a text, a number or a boolean", target: member)
            }
            texts[name] = text
        }
        return texts
    }

    /// `Enabled` or `Disabled` in any letter case; `nil` where it is not there.
    static func isDisabled(_ value: ARMValue?, _ member: String) throws(APIError) -> Bool? {
        guard let value else { return nil }
        switch value.text?.lowercased() {
        case "enabled": return false
        case "disabled": return true
        default: throw APIError(.invalid, "must be Enabled or Disabled", target: "properties.\(member)")
        }
    }

    static func duration(_ value: ARMValue?, _ member: String) throws(APIError) -> Int? {
        guard let value else { return nil }
        guard let duration = value.text.flatMap(ISODuration.init) else {
            throw APIError(.invalid, "must be a duration in ISO 8601, such as PT5S", target: "properties.\(member)")
        }
        return Int(duration.milliseconds)
    }

    static func count(_ value: ARMValue?, _ member: String) throws(APIError) -> Int? {
        guard let value else { return nil }
        guard let count = value.whole, (0...1_000_000).contains(count) else {
            throw APIError(.invalid, "must be a whole number from 0 to 1000000", target: "properties.\(member)")
        }
        return count
    }
}
