import ArgumentParser
import GatewayAPI

/// The command `gatehouse audit verify`.
struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no entry of the audit log is missing or was altered."
    )

    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let verdict: AuditVerdictResource = try await admin.connect().get("/api/v1/audit/verification")
        try output.show(verdict)
        guard verdict.good else { throw ExitCode.failure }
    }
}
