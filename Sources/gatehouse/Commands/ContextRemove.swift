import ArgumentParser
import Foundation

/// The command `gatehouse context remove`.
struct ContextRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Forget a gateway."
    )

    @Argument(help: "The context's name.") var context: AccountName
    @OptionGroup var output: OutputOptions

    func run() throws {
        let path = ContextBook.path(ProcessInfo.processInfo.environment)
        var book = try ContextBook.load(path)
        try book.remove(context.name)
        try book.save(path)
        try output.show(Removal(resource: "context \(context.name)"))
    }
}
