import ArgumentParser

/// The command `gatehouse version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    @OptionGroup var output: OutputOptions

    func run() throws { try output.show(Release(version: Gatehouse.release)) }

    /// The version, in the shape that every output format can print.
    private struct Release: Codable, TableRow {
        static let headings = ["gatehouse"]
        let version: String
        var cells: [String] { [version] }
    }
}
