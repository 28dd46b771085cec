import GatewayAPI
import GatewayCore

/// Decides what serves a deployment whose client does not say it outright (DESIGN §4), of documents and of Azure's clients
/// alike: the first of three ways.
struct ServingChoice: Sendable {
    /// What is known of a deployment.
    struct Subject: Sendable, Equatable {
        /// `tenant/endpoint/deployment`.
        var path: String
        var tenant: String
        /// What its environment variables name.
        var urls: [String]?
        var environment: String?
        var image: String?
        /// `name:version`.
        var model: String?
        /// The model's file, when it is on this machine and of a format that the pool runs; else why not.
        var file: ModelLocation
        /// What serves it now and goes on, since its client says nothing else.
        var current: Serving?
        /// What serves it now: of what goes on in its kind the settings stay.
        var before: Serving?
    }

    /// Nothing serves it: the three ways, and why none of them did.
    struct NothingServes: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// What serves it.
    struct Choice: Sendable, Equatable {
        var serving: Serving
        /// Whether the configuration file says so: then it is the owner's word, whoever made the deployment.
        var isOwners = false
    }

    /// Where a deployment's environment variables say what serves it.
    static let urlsVariable = "GATEHOUSE_UPSTREAM_URLS"

    let runtimes: RuntimeTable

    func serving(of subject: Subject) throws(NothingServes) -> Choice {
        if let urls = subject.urls { return Choice(serving: .upstream(subject.upstream(urls))) }
        if let current = subject.current { return Choice(serving: current) }
        if let serving = runtimes.serving(of: subject.runtime) {
            guard case .native = serving, let reason = subject.file.reason else {
                return Choice(serving: serving, isOwners: true)
            }
            throw NothingServes(
                description: "runtimes: in gatehouse.yaml gives \(subject.path) to the pool, but \(reason)"
            )
        }
        switch subject.file {
        case .registered, .file: return Choice(serving: .native(subject.native))
        case .missing(let reason), .unrunnable(let reason): throw nothing(serves: subject, reason)
        }
    }

    /// The URLs that environment variables name; `nil` where they name none.
    static func urls(in environmentVariables: [String: String]) -> [String]? {
        guard let text = environmentVariables[urlsVariable] else { return nil }
        let urls = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
        return urls.isEmpty ? nil : urls
    }

    private func nothing(serves subject: Subject, _ reason: String) -> NothingServes {
        let names = [
            subject.environment.map { "environment \($0)" }, subject.image.map { "image \($0)" },
            subject.model.map { "model \($0)" },
        ].compactMap(\.self)
        let matched = names.isEmpty ? "tenant \(subject.tenant)" : names.joined(separator: ", ")
        return NothingServes(
            description: """
                nothing serves \(subject.path). Do one of these three: (1) set \(Self.urlsVariable) in its \
                environment_variables to the URLs of the servers; (2) add an entry to runtimes: in gatehouse.yaml that matches \
                \(matched); (3) give it a model whose file is GGUF, which the embedded pool runs (\(reason))
                """
        )
    }
}

extension ServingChoice.Subject {
    /// What the entries of `runtimes:` look at.
    var runtime: RuntimeTable.Subject {
        RuntimeTable.Subject(tenant: tenant, environment: environment, image: image, model: model)
    }

    /// These servers, reached as those before them: headers and the like are nothing that the variable can say.
    fileprivate func upstream(_ urls: [String]) -> UpstreamDefinition {
        guard case .upstream(var upstream) = before else { return UpstreamDefinition(urls: urls) }
        upstream.urls = urls
        return upstream
    }

    fileprivate var native: NativeDefinition {
        guard case .native(let native) = before else { return NativeDefinition() }
        return native
    }
}

/// Where the file of a deployment's model is.
enum ModelLocation: Sendable, Equatable {
    /// Registered here already, with its checksum.
    case registered
    /// Absolute path of a GGUF file on the gateway's machine.
    case file(String)
    /// Why there is none, as the rest of a sentence.
    case missing(String)
    /// Why the pool does not run the one there is, as the rest of a sentence.
    case unrunnable(String)

    /// Why there is none that the pool can run.
    var reason: String? {
        switch self {
        case .registered, .file: nil
        case .missing(let reason), .unrunnable(let reason): reason
        }
    }
}
