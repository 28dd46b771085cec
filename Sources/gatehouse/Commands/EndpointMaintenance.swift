import ArgumentParser

/// The commands `gatehouse endpoints maintenance …`.
struct EndpointMaintenance: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance",
        abstract: "Close an endpoint for a while: callers get 503 and a message.",
        subcommands: [MaintenanceOn.self, MaintenanceOff.self]
    )
}
