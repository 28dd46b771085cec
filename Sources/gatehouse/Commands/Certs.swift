import ArgumentParser

/// The commands `gatehouse certs …`.
struct Certs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Certificates by host name, and a local authority to start with.",
        subcommands: [CertInit.self, CertAdd.self, CertList.self, CertRemove.self]
    )
}
