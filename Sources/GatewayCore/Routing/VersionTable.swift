/// The versions of the model that an endpoint's one URL serves, and the deployments of each.
struct VersionTable: Sendable {
    /// Deployments of one version: those with weight share its requests by it, else all of them equally.
    private struct Group: Sendable {
        let deployments: [Int]
        let split: TrafficSplit

        func pick() -> Int? { split.pick().map { deployments[$0] } }
    }

    /// What a caller may ask for, sorted.
    let names: [String]
    private let query: String?
    private let header: String?
    private let standard: Group?
    private let groups: [String: Group]

    init(_ definition: VersionsDefinition, deployments: [Deployment], weights: [Int]) {
        query = definition.query
        header = definition.header
        var members: [String: [Int]] = [:]
        for (index, deployment) in deployments.enumerated() {
            if let version = deployment.version { members[version, default: []].append(index) }
        }
        groups = members.mapValues { members in
            let weighted = members.filter { weights[$0] > 0 }
            let serving = weighted.isEmpty ? members : weighted
            return Group(
                deployments: serving,
                split: TrafficSplit(weights: serving.map { weighted.isEmpty ? 1 : weights[$0] })
            )
        }
        names = groups.keys.sorted()
        standard = definition.standard.flatMap { [groups] in groups[$0] }
    }

    /// The deployment of the version that the request asks for; `nil` when it asks for none.
    func asked(_ head: RequestHead, header field: (String) -> String?) throws(Refusal) -> Int? {
        let inQuery = query.flatMap { QueryItem.value($0, in: head.query) }
        let inHeader = header.flatMap(field)
        if let inQuery, let inHeader, inQuery != inHeader {
            throw .malformed(status: 400, reason: "The query and a header ask for different versions. Send one.")
        }
        guard let version = inQuery ?? inHeader else { return nil }
        guard let group = groups[version], let deployment = group.pick() else {
            throw .noSuchVersion(known: names)
        }
        return deployment
    }

    /// The deployment of the default version; `nil` without one.
    func pickStandard() -> Int? { standard?.pick() }

    /// Whether two deployments serve the requests of one version.
    func areAlike(_ one: Int, _ other: Int) -> Bool {
        groups.values.contains { $0.deployments.contains(one) && $0.deployments.contains(other) }
    }
}
