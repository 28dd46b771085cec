import ArgumentParser

/// The command `gatehouse models remove`.
struct ModelRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Forget a model that no deployment uses.",
        discussion: "A file that was pulled is removed with it, one that was registered stays."
    )

    @Argument(help: "tenant/model:version or tenant/model@latest") var model: ModelVersionName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard model.isVersionSaid else {
            throw ValidationError("say which version to remove, \(model.text):VERSION or \(model.text)@latest")
        }
    }

    func run() async throws {
        try await admin.connect().delete(model.url)
        try output.show(Removal(resource: model.text))
    }
}
