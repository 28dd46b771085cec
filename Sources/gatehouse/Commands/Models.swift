import ArgumentParser

/// The commands `gatehouse models …`.
struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Models: files that native deployments run, pulled or registered.",
        subcommands: [
            ModelPull.self, ModelRegister.self, ModelList.self, ModelShow.self, ModelVerify.self, ModelRemove.self,
        ]
    )
}
