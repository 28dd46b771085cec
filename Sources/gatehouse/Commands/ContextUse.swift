import ArgumentParser
import Foundation

/// The command `gatehouse context use`.
struct ContextUse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use",
        abstract: "Let commands without --server and --config speak to this gateway."
    )

    @Argument(help: "The context's name.") var context: AccountName
    @OptionGroup var output: OutputOptions

    func run() throws {
        let path = ContextBook.path(ProcessInfo.processInfo.environment)
        var book = try ContextBook.load(path)
        let found = try book.find(context.name)
        book.current = found.name
        try book.save(path)
        try output.show(ContextRow(found, isUsed: true))
    }
}
