import ArgumentParser
import GatewayAPI

/// The command `gatehouse apply`.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make or change what documents describe, all or nothing.",
        discussion: """
            Documents are Azure ML's managedOnlineEndpoint and managedOnlineDeployment, and our own with \
            kind: tenant, key, principal, issuer, role or webhook. The secret of a key, principal or webhook that is \
            made is printed once.
            """
    )

    @Option(name: [.short, .customLong("file")], help: "A document, or a folder of them; may be given several times.")
    var files: [String]
    @Option(help: "For documents that name no tenant.") var tenant: String?
    @Flag(help: "Remove what the documents' tenants have and the documents do not name; keys and principals stay.")
    var prune = false
    @Flag(help: "Print the difference and change nothing.") var dryRun = false
    @OptionGroup var wait: WaitOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let documents = try DocumentSet.read(paths: files, tenant: tenant)
        documents.warnings.forEach { report("warning: \($0)") }
        let client = try admin.connect()
        let request = documents.request(prune: prune, dryRun: dryRun)
        let result: ApplyResult
        do {
            result = try await client.post("/api/v1/apply", request)
        } catch let error as ClientError {
            throw error.placed(by: documents.places)
        }
        try output.show(result.changes)
        try await wait.follow(result.operation, client)
    }
}
