import ArgumentParser

/// The commands `gatehouse keys …`.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keys: the two secrets that open an endpoint, and named keys for applications.",
        subcommands: [KeyList.self, KeyRegenerate.self, NamedKeys.self]
    )
}
