import ArgumentParser
import Foundation

/// The command `gatehouse context add`.
struct ContextAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Remember a gateway; the first one is in use at once."
    )

    @Argument(help: "A name of your choice: 3 to 64 letters, digits, '.', '_', '-' and '@'.") var context: AccountName
    @Option(help: "The admin API's URL.") var server: String
    @Option(help: ArgumentHelp("PEM file of the CA that signed its certificate.", valueName: "file")) var ca: String?
    @Option(help: "An operator's token; by default GATEHOUSE_TOKEN; gatehouse login adds one.") var token: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let path = ContextBook.path(ProcessInfo.processInfo.environment)
        var book = try ContextBook.load(path)
        let made = Context(
            name: context.name,
            server: try AdminOptions.base(server),
            ca: ca.map { URL(fileURLWithPath: $0).path },
            token: token ?? ProcessInfo.processInfo.environment["GATEHOUSE_TOKEN"]
        )
        book.put(made)
        try book.save(path)
        try output.show(ContextRow(made, isUsed: book.current == made.name))
    }
}
