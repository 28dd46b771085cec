import GatewayCore
import HTTPTypes
import Hummingbird

/// `GET /metrics`: for whoever may see those of the whole gateway all of them, for a tenant's operators those of the tenant.
enum MetricsRoute {
    static let path = "/metrics"

    static func route(_ families: @escaping @Sendable () -> [MetricFamily]) -> Route {
        Route(
            method: .get,
            path: path,
            permission: .metrics,
            scope: .own,
            summary: "Shows metrics, as text for Prometheus or as OpenMetrics.",
            answers: Route.Answer(statuses: [200])
        ) { request, context in
            let tenants = try context.requireOperator().tenants(with: .metrics)
            let accept = request.headers[values: .accept].joined(separator: ",")
            let format = MetricPage.Format(accept: accept)
            let seen = families().map { $0.seen(by: tenants).bounded() }
            return .text(MetricPage.text(seen, format), type: format.contentType)
        }
    }
}
