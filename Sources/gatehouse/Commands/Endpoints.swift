import ArgumentParser

/// The commands `gatehouse endpoints …`.
struct Endpoints: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Endpoints: stable URLs with keys and a traffic split.",
        subcommands: [
            EndpointList.self, EndpointShow.self, EndpointTraffic.self, EndpointDelete.self, EndpointMaintenance.self,
        ]
    )
}
