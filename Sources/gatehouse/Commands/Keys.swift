import ArgumentParser

/// The commands `gatehouse keys …`.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keys: the two secrets that open an endpoint.",
        subcommands: [KeyList.self, KeyRegenerate.self]
    )
}
