import ArgumentParser
import Foundation

/// The command `gatehouse check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate the configuration, certificates, store and documents without starting."
    )

    @Option(name: [.short, .customLong("file")], help: "Documents to check too; may be given several times.")
    var files: [String] = []
    @Option(help: "For documents that name no tenant.") var tenant: String?
    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let problems = findings()
        guard problems.isEmpty else { throw DocumentProblems(problems: problems) }
        try output.show(Verdict(config: configuration.config))
    }

    private func findings() -> [DocumentProblem] {
        var problems: [DocumentProblem] = []
        var loaded: Configuration?
        do {
            let settings = try configuration.load()
            loaded = settings
            problems += Preflight(configuration: settings, file: configuration.config).problems()
        } catch let found as DocumentProblems {
            problems += found.problems
        } catch {
            problems.append(DocumentProblem(file: configuration.config, message: "\(error)"))
        }
        guard !files.isEmpty else { return problems }
        do throws(DocumentProblems) {
            let documents = try DocumentSet.read(paths: files, tenant: tenant)
            documents.warnings.forEach { report("warning: \($0)") }
            if let loaded { problems += Rehearsal(configuration: loaded).problems(of: documents) }
        } catch {
            problems += error.problems
        }
        return problems
    }

    /// What a good check prints.
    private struct Verdict: Codable, TableRow {
        static let headings = ["good"]
        let config: String
        var cells: [String] { [config] }
    }
}
