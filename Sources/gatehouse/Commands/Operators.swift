import ArgumentParser

/// The commands `gatehouse operators …`.
struct Operators: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who may use the admin API: local accounts, their roles and tokens.",
        subcommands: [
            OperatorAdd.self, OperatorList.self, OperatorShow.self, OperatorSetRole.self, OperatorSetPassword.self,
            OperatorDisable.self, OperatorEnable.self, OperatorRemove.self, OperatorTokenIssue.self,
            OperatorTokenRevoke.self,
        ]
    )
}
