import ArgumentParser

/// The commands `gatehouse captures …`.
struct Captures: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What was asked and answered, as it was kept: for operators with the role reviewer.",
        subcommands: [
            CaptureList.self, CaptureShow.self, CaptureExportCommand.self, CaptureLabel.self, CaptureDelete.self,
            CaptureReplay.self, CaptureCompare.self, CaptureReport.self,
        ]
    )
}

/// The capture that a command is about.
struct CaptureArguments: ParsableArguments {
    @Argument(help: "The tenant.") var tenant: TenantName
    @Argument(help: "The capture's number, as list shows it.") var number: Int64

    var url: String { "\(tenant.url)/captures/\(number)" }
}
