import GatewayCore
import GatewayWorkers

extension Snapshot {
    /// How each deployment is now: its queue, its instances and its workers.
    func metrics(_ board: WorkerBoard) -> [MetricFamily] {
        let placed = placedDeployments
        return Self.loads(placed) + Self.pools(placed.compactMap { WorkersNow($0, board) })
    }

    private var placedDeployments: [PlacedDeployment] {
        tenants.values.sorted { $0.name < $1.name }.flatMap { tenant in
            tenant.endpoints.values.sorted { $0.name < $1.name }.flatMap { endpoint in
                endpoint.deployments.map { deployment in
                    PlacedDeployment(
                        deployment: deployment,
                        path: "\(tenant.name)/\(endpoint.name)/\(deployment.name)",
                        labels: MetricFamily.Label.place(tenant.name, endpoint.name, deployment.name)
                    )
                }
            }
        }
    }

    private static func loads(_ placed: [PlacedDeployment]) -> [MetricFamily] {
        func gauge(_ name: String, _ help: String, _ value: (Deployment) -> Int) -> MetricFamily {
            MetricFamily(
                .gauge,
                name,
                help,
                placed.map { MetricFamily.Sample($0.labels, .count(Int64(value($0.deployment)))) }
            )
        }
        return [
            gauge("gatehouse_requests_waiting", "Requests that wait for a place at an instance.") { $0.queue.waiting },
            gauge(
                "gatehouse_requests_running",
                "Requests at the deployment's instances, those of others that share an address too."
            ) { $0.instances.reduce(0) { $0 + $1.load.inFlight } },
            gauge("gatehouse_instances", "Instances, or workers that there may be.") { $0.instances.count },
            gauge("gatehouse_instances_ready", "Instances that have shown that they serve.") { deployment in
                deployment.instances.count { deployment.isNative ? $0.isReady : $0.isReady(by: deployment.probes) }
            },
            gauge("gatehouse_instances_circuit_open", "Instances that failed requests have taken out.") {
                $0.instances.count(where: \.isCircuitOpen)
            },
        ]
    }

    private static func pools(_ pools: [WorkersNow]) -> [MetricFamily] {
        typealias Sample = MetricFamily.Sample
        return [
            MetricFamily(
                .gauge,
                "gatehouse_pool_state",
                "1 for the state that the workers of a deployment are in as a whole.",
                pools.flatMap { pool in
                    WorkerPool.State.allCases.map { state in
                        Sample(pool.labels + [.init("state", "\(state)")], .count(state == pool.state ? 1 : 0))
                    }
                },
                rest: .greatest,
                toldApart: "state"
            ),
            MetricFamily(
                .gauge,
                "gatehouse_workers",
                "Workers of a deployment, by state.",
                pools.flatMap { pool in
                    InstanceState.words.map { word in
                        let count = pool.processes.count { $0.state.word == word }
                        return Sample(pool.labels + [.init("state", word)], .count(Int64(count)))
                    }
                },
                toldApart: "state"
            ),
            MetricFamily(
                .gauge,
                "gatehouse_workers_wanted",
                "Workers that a deployment should have now.",
                pools.map { Sample($0.labels, .count(Int64($0.status.wanted))) }
            ),
            MetricFamily(
                .gauge,
                "gatehouse_workers_resident_bytes",
                "Memory of a deployment's workers, mapped files included.",
                pools.map { pool in
                    let sizes = pool.processes.compactMap { $0.process.flatMap(ProcessMemory.of)?.resident }
                    return Sample(pool.labels, .count(sizes.reduce(0, +)))
                }
            ),
        ]
    }
}

/// A deployment and whose it is.
private struct PlacedDeployment {
    let deployment: Deployment
    let path: String
    let labels: [MetricFamily.Label]
}

/// A deployment's workers.
private struct WorkersNow {
    let labels: [MetricFamily.Label]
    let state: WorkerPool.State
    let status: PoolStatus
    /// Those that leave among them.
    var processes: [WorkerStatus] { status.workers + status.leaving }

    /// - Returns: `nil` for a deployment without workers.
    init?(_ placed: PlacedDeployment, _ board: WorkerBoard) {
        guard let pool = placed.deployment.pool, let status = board.status(of: placed.path) else { return nil }
        labels = placed.labels
        state = pool.state
        self.status = status
    }
}

extension InstanceState {
    /// Of each state that a worker may be in; one that has stopped is none.
    fileprivate static let words = ["starting", "ready", "draining", "restarting", "stopping"]
}
