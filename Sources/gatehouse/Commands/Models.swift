import ArgumentParser

/// The commands `gatehouse models …`.
struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Models: registered files that native deployments run.",
        subcommands: [ModelRegister.self, ModelList.self]
    )
}
