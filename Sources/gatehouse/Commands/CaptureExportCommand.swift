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
            stays where it is. An export that broke off goes on with --after and the number that it told.
            """
    )

    @Argument(help: OnlyTenant.help) var tenant: TenantName?
    @Option(help: "sagemaker, azure, kserve, or jsonl for all that a sample has.") var format: ExportFormat
    @Option(help: ArgumentHelp("A folder for the files; a new one, but for --after.", valueName: "folder"))
    var output: String?
    @OptionGroup var filters: CaptureFilters
    @Option(help: "Newer than this capture.") var after: Int64?
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let folder = output.map(ExportFolder.init)
        if let folder, after == nil, !folder.isEmpty {
            let hint = "name a new folder, or where to go on with --after"
            throw ClientError("\(folder.root) is not empty", details: [hint])
        }
        let client = try admin.connect()
        let tenant = try await OnlyTenant.name(tenant, client)
        let progress = ExportProgress()
        do {
            let newest = try await newest(client, tenant)
            var link: String? = newest.map { _ in "\(tenant.url)/captures/export?\(query)" }
            while let page = link, let newest {
                let records: ResourceList<ExportedRecordResource> = try await client.get(page)
                let wanted = records.value.filter { $0.id <= newest }
                try write(wanted, to: folder)
                progress.add(wanted)
                link = wanted.count == records.value.count ? records.nextLink : nil
            }
        } catch {
            progress.end()
            let last = max(progress.last, after ?? 0)
            report("broken off behind capture \(last); go on with --after \(last)")
            throw error
        }
        progress.end()
        if let folder { report("\(progress.count) records in \(folder.root)") }
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

    private func write(_ records: [ExportedRecordResource], to folder: ExportFolder?) throws {
        guard let folder else { return StandardOutput.write(records.flatMap { Array("\($0.line)\n".utf8) }) }
        try folder.append(records.map { ExportedLine(file: $0.file, text: $0.line) })
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
