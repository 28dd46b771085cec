import GatewayAPI
import Yams

/// Where traffic goes beside the split: `mirror_traffic`, and `canary`, `sticky` and `versions` under `gatehouse`.
extension EndpointDocument {
    static let routingKeys = ["canary", "sticky", "versions"]

    static func readMirrors(_ document: YAMLMapping, traffic: [String: Int]) -> [String: Int] {
        let mirrors = document.integerMap("mirror_traffic")
        for (name, percent) in mirrors.sorted(by: { $0.key < $1.key }) where percent > 0 && traffic[name] ?? 0 > 0 {
            document.refuse(
                "mirror_traffic",
                "\(name) has traffic too",
                hint: "a deployment is live or a mirror; take one of the two away"
            )
        }
        return mirrors
    }

    static func readRouting(_ ours: YAMLMapping, into endpoint: inout EndpointResource) {
        endpoint.canary = ours.objects("canary", known: ["deployment", "header", "value", "callers"])
            .compactMap(readCanary)
        endpoint.sticky = ours.object("sticky", known: ["by", "name"]).flatMap(readSticky)
        guard let versions = ours.object("versions", known: ["query", "header", "default"]) else { return }
        endpoint.versions = VersionsResource(
            query: versions.string("query"),
            header: versions.string("header"),
            default: versions.string("default")
        )
        if versions["query"] == nil, versions["header"] == nil {
            ours.refuse("versions", "says neither query nor header", hint: "write query: modelVersion")
        }
    }

    private static func readCanary(_ canary: YAMLMapping) -> CanaryResource? {
        guard let deployment = canary.endpointName("deployment") else { return nil }
        if (canary["header"] == nil) == (canary["callers"] == nil) {
            canary.refuse(
                "",
                "a canary has one of header and callers",
                hint: "write {deployment: \(deployment), callers: 5}, and an entry of its own for a header"
            )
        }
        if canary["value"] != nil, canary["header"] == nil {
            canary.refuse("value", "is of a header, and none is named", hint: "add header")
        }
        return CanaryResource(
            deployment: deployment,
            header: canary.string("header"),
            value: canary.string("value"),
            callers: canary.integer("callers", in: 0...100)
        )
    }

    private static func readSticky(_ sticky: YAMLMapping) -> StickyResource? {
        guard let kind = sticky.word("by", of: StickyResource.kinds) else {
            if sticky["by"] == nil { sticky.refuse("by", "is required", hint: "write by: caller") }
            return nil
        }
        let needsName = kind == "header" || kind == "cookie"
        if needsName, sticky["name"] == nil {
            sticky.refuse("name", "is required", hint: "write the name of the \(kind)")
        } else if !needsName, sticky["name"] != nil {
            sticky.refuse("name", "has no meaning with by: \(kind)", hint: "remove it")
        }
        return StickyResource(by: kind, name: sticky.string("name"))
    }
}
