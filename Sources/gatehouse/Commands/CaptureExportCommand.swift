import ArgumentParser
import Foundation
import GatewayAPI
import GatewayAdmin

/// The command `gatehouse captures export`.
struct CaptureExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write samples in a format that other programs read, the oldest first.",
        discussion: """
            With --output into files in the folders of the format, else as lines on standard output. What was exported \
            stays where it is: a folder is of one tenant and one format, and takes what is newer than what it has. An \
            export that broke off goes on with --after and the number that it told.
            """
    )

    @Argument(help: OnlyTenant.help) var tenant: TenantName?
    @Option(help: "sagemaker, azure, kserve, or jsonl for all that a sample has.") var format: ExportFormat
    @Option(help: ArgumentHelp("A folder for the files; a new one, or with --after an export's.", valueName: "folder"))
    var output: String?
    @OptionGroup var filters: CaptureFilters
    @Option(help: "Newer than this capture.") var after: Int64?
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let client = try admin.connect()
        let tenant = try await OnlyTenant.name(tenant, client)
        let progress = ExportProgress()
        let newest = try await newest(client, tenant)
        var files = try output.map { try CommandExport($0, format, of: tenant.name, after: after) }
        do {
            var link: String? = newest.map { _ in "\(tenant.url)/captures/export?\(query)" }
            while let page = link, let newest {
                let records: ResourceList<ExportedRecordResource> = try await client.get(page)
                let wanted = records.value.filter { $0.id <= newest }
                try write(wanted, to: &files)
                progress.add(wanted)
                link = wanted.count == records.value.count ? records.nextLink : nil
            }
        } catch {
            progress.end()
            // Before the first there is nothing to go on behind.
            if progress.last > 0 {
                report("broken off behind capture \(progress.last); go on with --after \(progress.last)")
            }
            throw error
        }
        progress.end()
        if let output { report("\(progress.count) records in \(output)") }
    }

    /// Where it ends: it does not follow what comes meanwhile.
    private func newest(_ client: AdminClient, _ tenant: TenantName) async throws -> Int64? {
        let newest: ResourceList<CaptureSummaryResource> = try await client.get(
            "\(tenant.url)/captures?\(filters.query(beside: [("limit", "1")]))"
        )
        return newest.value.first?.id
    }

    private var query: String {
        filters.query(beside: [("format", format.rawValue), ("after", after.map(String.init))])
    }

    private func write(_ records: [ExportedRecordResource], to files: inout CommandExport?) throws {
        if files == nil { return StandardOutput.write(records.flatMap { Array("\($0.line)\n".utf8) }) }
        try files?.write(records)
    }
}

extension ExportFormat: ExpressibleByArgument {}

/// Tells how far an export is.
final class ExportProgress {
    private var line = ProgressLine.patient()
    private(set) var count = 0
    /// The last capture that is written.
    private(set) var last: Int64 = 0

    func add(_ records: [ExportedRecordResource]) {
        count += records.count
        last = records.last?.id ?? last
        line.tell("\(count) records, up to capture \(last)")
    }

    func end() { line.interrupt("") }
}
