import ArgumentParser
import Foundation
import GatewayAPI

/// The command `gatehouse login`.
struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Begin a session of 12 hours with a password; the context keeps its token, else it is printed."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect(needsToken: false)
        let asked = LoginRequest(name: account.name, password: try Password.ask("Password of \(account.name): "))
        var session: OperatorTokenResource = try await client.post("/api/v1/login", asked)
        if var context = try admin.chosenContext() {
            let path = ContextBook.path(ProcessInfo.processInfo.environment)
            var book = try ContextBook.load(path)
            context.token = session.token
            book.put(context)
            try book.save(path)
            session.token = "kept in the context \(context.name)"
        }
        try output.show(session)
    }
}
