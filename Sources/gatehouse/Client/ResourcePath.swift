import ArgumentParser
import GatewayCore

/// `tenant`, `tenant/endpoint` or `tenant/endpoint/deployment`, as commands take resources.
struct ResourcePath: Equatable {
    let parts: [String]

    init?(_ text: String, parts count: Int) {
        parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == count, let tenant = parts.first, Names.isTenant(tenant) else { return nil }
        guard parts.dropFirst().allSatisfy(Names.isArtifact) else { return nil }
    }

    var tenant: String { "/api/v1/tenants/\(parts[0])" }
}

/// A tenant's name on the command line.
struct TenantName: ExpressibleByArgument {
    let path: ResourcePath

    init?(argument: String) {
        guard let path = ResourcePath(argument, parts: 1) else { return nil }
        self.path = path
    }

    var name: String { path.parts[0] }
    var url: String { path.tenant }
}

/// `tenant/endpoint` on the command line.
struct EndpointName: ExpressibleByArgument {
    let path: ResourcePath

    init?(argument: String) {
        guard let path = ResourcePath(argument, parts: 2) else { return nil }
        self.path = path
    }

    var url: String { "\(path.tenant)/endpoints/\(path.parts[1])" }
}

/// `tenant/name` of a named key, a principal, an issuer, a role or a webhook on the command line.
struct OwnedName: ExpressibleByArgument {
    let path: ResourcePath

    init?(argument: String) {
        guard let path = ResourcePath(argument, parts: 2) else { return nil }
        self.path = path
    }

    var name: String { path.parts[1] }
    var tenant: String { path.parts[0] }
    var text: String { path.parts.joined(separator: "/") }

    /// Where a tenant's things of a kind are.
    func list(_ collection: String) -> String { "\(path.tenant)/\(collection)" }

    func url(_ collection: String) -> String { "\(list(collection))/\(name)" }
}

/// `tenant`, `tenant/endpoint` or `tenant/endpoint/deployment` on the command line.
struct LimitedName: ExpressibleByArgument {
    let url: String

    init?(argument: String) {
        if let tenant = TenantName(argument: argument) {
            url = tenant.url
        } else if let endpoint = EndpointName(argument: argument) {
            url = endpoint.url
        } else if let deployment = DeploymentName(argument: argument) {
            url = deployment.url
        } else {
            return nil
        }
    }
}

/// `tenant/endpoint/deployment` on the command line.
struct DeploymentName: ExpressibleByArgument {
    let path: ResourcePath

    init?(argument: String) {
        guard let path = ResourcePath(argument, parts: 3) else { return nil }
        self.path = path
    }

    var url: String { "\(path.tenant)/endpoints/\(path.parts[1])/deployments/\(path.parts[2])" }
    var secrets: String { "\(url)/secrets" }

    func url(of secret: SecretName) -> String { "\(secrets)/\(secret.text)" }
}

/// The name of a deployment's secret on the command line.
struct SecretName: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard Names.isArtifact(argument) else { return nil }
        text = argument
    }
}

/// `tenant/model` on the command line.
struct ModelName: ExpressibleByArgument {
    let path: ResourcePath

    init?(argument: String) {
        guard let path = ResourcePath(argument, parts: 2) else { return nil }
        self.path = path
    }

    var name: String { path.parts[1] }
    var url: String { "\(path.tenant)/models" }
}
