import ArgumentParser

/// The commands `gatehouse keys named …`.
struct NamedKeys: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "named",
        abstract: "Named keys: one for each application, with its own scope, limits and expiry.",
        subcommands: [
            NamedKeyCreate.self, NamedKeyList.self, NamedKeyShow.self, NamedKeyUpdate.self, NamedKeyRotate.self,
            NamedKeyDisable.self, NamedKeyEnable.self, NamedKeyRevoke.self,
        ]
    )
}
