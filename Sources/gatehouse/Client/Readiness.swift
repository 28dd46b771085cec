import GatewayAPI

/// Waits until deployments can take requests.
struct Readiness {
    private static let interval = Duration.milliseconds(250)

    let client: AdminClient
    let timeout: Duration

    func wait(for deployments: [DeploymentResource]) async throws {
        let deadline = ContinuousClock.now + timeout
        var waiting = try await unready(deployments)
        if !waiting.isEmpty {
            report("waiting up to \(timeout.components.seconds) s for \(names(waiting)) (--no-wait to return at once)")
        }
        while !waiting.isEmpty {
            guard ContinuousClock.now < deadline else {
                throw ClientError(
                    "stored, but \(names(waiting)) had no ready instance after \(timeout.components.seconds) s",
                    details: ["the gateway's log says why; gatehouse deployments show tells when it is ready"]
                )
            }
            try await Task.sleep(for: Self.interval)
            waiting = try await unready(waiting)
        }
    }

    private func unready(_ deployments: [DeploymentResource]) async throws -> [DeploymentResource] {
        var unready: [DeploymentResource] = []
        for deployment in deployments {
            let url =
                "/api/v1/tenants/\(deployment.tenant)/endpoints/\(deployment.endpoint)/deployments/\(deployment.name)"
            let found: DeploymentResource = try await client.get(url)
            if found.isReady != true { unready.append(deployment) }
        }
        return unready
    }

    private func names(_ deployments: [DeploymentResource]) -> String {
        deployments.map { "\($0.tenant)/\($0.endpoint)/\($0.name)" }.joined(separator: ", ")
    }
}
