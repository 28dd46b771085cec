import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore

/// Judges what an operator wants pulled before anything is done.
struct ModelPullCheck {
    let store: Store
    /// Whether an owner of the whole gateway asks.
    let isOwner: Bool

    func pull(_ asked: ModelPullRequest, _ tenant: String) throws(APIError) -> ModelPulls.Pull {
        let source: ModelSource
        do throws(ModelPullProblem) {
            source = try ModelSource(asked.source)
        } catch {
            throw APIError(.invalid, error.message, target: "source")
        }
        try check(source, tenant)
        let name = asked.name ?? source.suggestedName
        let rule = "must be 1 to 255 letters, digits, . _ and -, a letter or digit first"
        guard Names.isArtifact(name) else { throw APIError(.invalid, "name \(rule)", target: "name") }
        guard asked.version.map(Names.isArtifact) ?? true else {
            throw APIError(.invalid, "version \(rule)", target: "version")
        }
        let sha256 = asked.sha256?.lowercased()
        let isDigest = sha256.map { $0.utf8.count == 64 && $0.allSatisfy { $0.isASCII && $0.isHexDigit } } ?? true
        guard isDigest else { throw APIError(.invalid, "sha256 must be 64 hexadecimal digits", target: "sha256") }
        let pull = ModelPulls.Pull(
            tenant: tenant,
            source: source,
            name: name,
            version: asked.version,
            sha256: sha256,
            isOwner: isOwner
        )
        do throws(ModelPullProblem) {
            try version(of: pull, sha256: sha256, size: nil)
        } catch {
            throw APIError(.conflict, error.message, target: "version")
        }
        return pull
    }

    /// A version never changes: what would be another content is not fetched.
    ///
    /// - Parameters:
    ///   - sha256: of what is to come, where that is known.
    ///   - size: the same.
    func version(of pull: ModelPulls.Pull, sha256: String?, size: Int64?) throws(ModelPullProblem) {
        guard let version = pull.version,
            let known = store.definitions.model(pull.tenant, ModelReference(name: pull.name, version: version))
        else { return }
        var isHere = known.source != nil
        if case .file(let path) = pull.source { isHere = known.path == path }
        guard isHere, sha256.map({ $0 == known.sha256 }) ?? true, size.map({ $0 == known.size }) ?? true else {
            throw ModelPullProblem(
                .conflict,
                """
                \(known.resource) is registered already, from \(known.source ?? known.path) with the SHA-256 \
                \(known.sha256), and a version never changes; say another version, or leave it out for the next number
                """
            )
        }
    }

    /// Names are resolved, and judged again, when they are dialled.
    private func check(_ source: ModelSource, _ tenant: String) throws(APIError) {
        switch source {
        case .hub: break
        case .file(let path):
            guard isOwner else {
                let message = """
                    \(path) is a file on the gateway's machine, which only an operator of the whole gateway may register
                    """
                throw APIError(.forbidden, message, target: "source")
            }
            var isFolder: ObjCBool = false
            guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue
            else {
                throw APIError(.invalid, "\(path) is not a file on the gateway's machine", target: "source")
            }
        case .web(let url):
            let host = URLComponents(string: url)?.host ?? ""
            let literal = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host.lowercased()
            guard let refusal = hostRefusal(in: tenant)(literal) else { return }
            throw APIError(.invalid, refusal, target: "source")
        }
    }

    /// As upstreams' hosts are judged (SECURITY S-1): why one may not be named, as the end of a sentence.
    func hostRefusal(in tenant: String) -> @Sendable (_ host: String) -> String? {
        let rule = AddressRule(allowed: isOwner ? store.compiler.allowed : store.networks.of(tenant))
        let setting = allowing(in: tenant)
        return { rule.refusal(ofHost: $0)?.replacing("upstreams.allow", with: setting) }
    }

    /// The setting that lists private addresses which may be talked to.
    func allowing(in tenant: String) -> String { isOwner ? "upstreams.allow" : "upstreams.tenants.\(tenant)" }
}
