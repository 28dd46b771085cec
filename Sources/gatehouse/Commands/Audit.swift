import ArgumentParser

/// The commands `gatehouse audit …`.
struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What was changed, by whom and from where.",
        subcommands: [AuditList.self, AuditVerify.self]
    )
}
