import ArgumentParser
import GatewayAPI
import GatewayStore

/// The command `gatehouse audit verify`.
struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no entry of the audit log is missing or was altered.",
        discussion: """
            Says where the log ends as N:HASH. Noted somewhere else, and given to a later --since, it shows whether an older \
            copy of everything that lies on the gateway's machine was put in its place.
            """
    )

    @Option(help: "A head that was noted, as N:HASH: the log must have gone through it.") var since: String?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard since.map({ AuditHead($0) != nil }) ?? true else { throw ValidationError("--since must be N:HASH") }
    }

    func run() async throws {
        let verdict: AuditVerdictResource = try await admin.connect().get(
            "/api/v1/audit/verification\(since.map { "?since=\($0)" } ?? "")"
        )
        try output.show(verdict)
        guard verdict.good else { throw ExitCode.failure }
    }
}
