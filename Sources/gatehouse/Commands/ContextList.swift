import ArgumentParser
import Foundation

/// The command `gatehouse context list`.
struct ContextList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the gateways that you work with."
    )

    @OptionGroup var output: OutputOptions

    func run() throws {
        let book = try ContextBook.load(ContextBook.path(ProcessInfo.processInfo.environment))
        try output.show(book.contexts.map { ContextRow($0, isUsed: $0.name == book.current) })
    }
}
