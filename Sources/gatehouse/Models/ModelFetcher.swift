import Curl
import Foundation
import GatewayAdmin
import GatewayCore
import Logging
import NIOCore
import NIOPosix

/// Fetches models as the configuration says: from which hub, trusting whom, or not at all.
struct ModelFetcher: Sendable {
    private let settings: ModelSettings
    private let hub: ModelHub?
    private let curl: CurlClient
    /// One thread that writes what comes to the disk.
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// - Parameters:
    ///   - environment: where `HF_ENDPOINT` and `HF_TOKEN` are looked for.
    ///   - isAddressAllowed: of all that the gateway dials.
    init(
        settings: ModelSettings,
        environment: [String: String],
        isAddressAllowed: @escaping @Sendable (String) -> Bool,
        logger: Logger
    ) {
        self.settings = settings
        let token = ModelSettings.token(environment: environment)
        hub = settings.hubURL(environment: environment).map { ModelHub(url: $0, token: token) }
        // Its own: downloads are no burden to the requests of callers.
        curl = CurlClient(logger: logger, addressAllowed: isAddressAllowed)
    }

    @Sendable func fetch(_ order: ModelOrder, _ watch: ModelFetchWatch) async throws -> FetchedModel {
        guard !settings.isOffline else {
            throw ModelPullProblem(
                .offline,
                """
                models.offline is set in gatehouse.yaml: nothing is fetched; bring the file to this machine and register it with \
                gatehouse models register
                """
            )
        }
        let (source, target) = try await target(of: order)
        watch.tell("fetching \(source.shown)")
        let file = try DownloadFile(path: order.partial)
        let download = ModelDownload(curl: curl, loop: group.next(), authority: authority)
        do {
            try await download.fetch(target, into: file, watch)
        } catch {
            // A part of nothing is none to go on with.
            if file.count == 0 { file.discard() }
            throw error
        }
        return FetchedModel(sha256: file.sha256, size: file.count, source: source)
    }

    func shutdown() async {
        await curl.shutdown()
        try? await group.shutdownGracefully()
    }

    private var authority: CurlRequest.CertificateAuthority { settings.authority.map { .file($0) } ?? .system }

    private func target(of order: ModelOrder) async throws -> (ModelSource, ModelDownload.Target) {
        switch order.source {
        case .hub(let asked):
            guard let hub else {
                throw ModelPullProblem(
                    .invalid,
                    """
                    HF_ENDPOINT in the gateway's environment is no base URL such as https://hub.example.com; correct it and start \
                    the gateway again, or set models.hub in gatehouse.yaml
                    """
                )
            }
            // A tenant's operators must not read what only the owner of the token may.
            let token = order.isOwner ? hub.token : nil
            let file = asked.path == nil ? try await hub.onlyModel(of: asked, curl, authority, token: token) : asked
            try Self.checkWhole(file.path ?? "")
            let target = ModelDownload.Target(
                url: hub.download(file, file.path ?? ""),
                token: token,
                sha256: order.sha256,
                reach: order.reach,
                hostRefusal: order.hostRefusal,
                allowing: order.allowing,
                explain: hub.explain(file, hasToken: token != nil)
            )
            return (.hub(file), target)
        case .web(let url):
            let shown = order.source.shown
            try Self.checkWhole(shown)
            let target = ModelDownload.Target(
                url: url,
                sha256: order.sha256,
                reach: order.reach,
                hostRefusal: order.hostRefusal,
                allowing: order.allowing,
                explain: { status in
                    let code: ModelPullProblem.Code =
                        [401, 403].contains(status) ? .gated : [404, 410].contains(status) ? .notFound : .unreachable
                    return ModelPullProblem(code, "\(shown) was answered with \(status)")
                }
            )
            return (order.source, target)
        case .file(let path): throw ModelPullProblem(.invalid, "\(path) is on this machine")
        }
    }

    /// One of several parts is no model.
    private static func checkWhole(_ path: String) throws {
        guard let match = path.firstMatch(of: /-[0-9]{5}-of-([0-9]{5})\.gguf$/), match.1 != "00001" else { return }
        throw ModelPullProblem(.invalid, "\(path) is one part of several, and only models of one file are run")
    }
}
