import ArgumentParser

/// The name of an operator on the command line.
struct AccountName: ExpressibleByArgument {
    let name: String

    init?(argument: String) {
        let isPlain = argument.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x40, 0x5f].contains(byte)
        }
        guard isPlain, (3...64).contains(argument.utf8.count) else { return nil }
        name = argument
    }

    var url: String { "/api/v1/operators/\(name)" }
}

/// A role of operators on the command line.
enum OperatorRole: String, ExpressibleByArgument, CaseIterable {
    case owner
    case admin
    case deployer
    case keyAdmin = "key-admin"
    case reviewer
    case monitor
}
