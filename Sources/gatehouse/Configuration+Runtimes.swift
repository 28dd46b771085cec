import GatewayAPI
import GatewayAdmin
import GatewayCore
import Yams

/// The table `runtimes:`: what serves deployments whose clients cannot say it (DESIGN §4).
extension Configuration {
    private static let patterns = ["tenant", "environment", "image", "model"]

    mutating func readRuntimes(_ root: YAMLMapping) {
        guard let member = root["runtimes"] else { return }
        guard case .sequence(let list) = member.node else {
            root.refuse("runtimes", "must be a list", hint: "write - {image: \"img:*\", upstream: {urls: [http://…]}}")
            return
        }
        for (index, node) in list.enumerated() {
            let entry = YAMLMapping(
                node,
                file: root.file,
                path: "runtimes[\(index)]",
                known: Self.patterns + ["upstream", "native"],
                log: root.log
            )
            if let found = entry.flatMap(Self.runtime) { runtimes.append(found) }
        }
    }

    private static func runtime(_ entry: YAMLMapping) -> RuntimeTable.Entry? {
        guard patterns.contains(where: { entry[$0] != nil }) else {
            entry.refuse("model", "the entry matches nothing", hint: "add environment, image or model, \"*\" for all")
            return nil
        }
        var resource = DeploymentResource(tenant: "", endpoint: "", name: "")
        switch (entry["upstream"], entry["native"]) {
        case (.some, nil): resource.upstream = DeploymentDocument.readUpstream(entry)
        // The model is the deployment's own.
        case (nil, .some): resource.native = DeploymentDocument.readNative(entry, model: "the deployment's")
        case (.some, .some): entry.refuse("native", "stands beside upstream", hint: "keep one of the two")
        case (nil, nil): entry.refuse("upstream", "nothing says what serves", hint: "add upstream (urls) or native: {}")
        }
        guard resource.upstream != nil || resource.native != nil else { return nil }
        do throws(APIError) {
            return RuntimeTable.Entry(
                tenant: entry.string("tenant"),
                environment: entry.string("environment"),
                image: entry.string("image"),
                model: entry.string("model"),
                serving: try DeploymentDefinition(resource).serving
            )
        } catch {
            entry.refuse(resource.upstream == nil ? "native" : "upstream", "\(error)")
            return nil
        }
    }
}
