import ArgumentParser

/// The command `gatehouse roles remove`.
struct RoleRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Take a role assignment away.")

    @Argument(help: "tenant/assignment") var assignment: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(assignment.url("roles"))
        try output.show(Removal(resource: assignment.text))
    }
}
