import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayProxy
import GatewayStore
import GatewayTokens
import GatewayWorkers
import NIOCore
import NIOPosix

/// The admin server, and what it asks of the other modules.
extension Composition {
    func admin(beside proxy: ProxyService) throws -> AdminService {
        let snapshots = snapshots
        return try AdminService(
            host: configuration.admin.host,
            port: configuration.admin.port,
            controlPlane: ControlPlane(
                store: store,
                receipts: receiptStore,
                captures: captureStore,
                certificates: certificates,
                publicURL: configuration.publicURL,
                operatorToken: try OperatorToken.loadOrCreate(beside: configuration.store).text,
                readiness: { snapshots.current.readiness(of: $0) },
                operations: operations,
                collaborators: collaborators(metrics(of: proxy)),
                azure: azure(),
                pulls: pulls,
                comparisons: comparisons
            ),
            certificates: certificates,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
    }

    private func metrics(of proxy: ProxyService) -> GatewayMetrics {
        let configured = configuration.certificates
        return GatewayMetrics(
            counted: counted,
            snapshots: snapshots,
            workers: workers.board,
            receipts: receipts,
            captures: captures,
            traces: traces,
            proxy: { proxy.facts },
            certificates: { [certificates] in certificates.hostCertificates(configured: configured) }
        )
    }

    private func collaborators(_ metrics: GatewayMetrics) -> ControlPlane.Collaborators {
        ControlPlane.Collaborators(
            limitStatus: { [meters] subject in meters.status(of: subject) },
            webhookTest: { [webhooks] tenant, name in try await webhooks.test(tenant: tenant, name: name) },
            webhookDeliveries: { [webhookStore] tenant, name in
                try await webhookStore.deliveries(of: WebhookName(tenant: tenant, name: name))
            },
            issuer: { [trust] request in await trust.answer(request) },
            instances: { [snapshots, workers] path in
                let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
                return snapshots.current.instances(path, workers.board, at: now)
            },
            pool: { [snapshots, workers] path in snapshots.current.pool(path, workers.board) },
            warm: { [workers] path in try await workers.warm(path) },
            devices: { [devices, workers] in
                await devices.refresh(olderThan: .seconds(2))
                return DevicesResource(devices, workers.board)
            },
            pricePerHour: { [prices = configuration.instancePrices] type in prices[type] },
            deploymentLogs: { [logs, workers, snapshots] path, instance, tail in
                guard snapshots.current.deployment(path)?.isNative == true else { return logs.tail(path, tail) }
                let lines = await workers.logs(path).filter { instance == nil || $0.instance == instance }
                return lines.suffix(tail).map(LogLineResource.init)
            },
            metrics: { metrics.families },
            verify: { [trust] token in await trust.verifyOperator(token) }
        )
    }

    private func azure() -> AzureDialect {
        AzureDialect(
            artifacts: configuration.models,
            runtimes: RuntimeTable(configuration.runtimes),
            adminURL: configuration.admin.localURL,
            endpointToken: { [trust] tenant, endpoint, subject in
                await trust.endpointToken(tenant, endpoint, subject: subject)
            }
        )
    }
}
