import ArgumentParser

/// The commands `gatehouse deployments …`.
struct Deployments: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deployments: what serves an endpoint.",
        subcommands: [
            DeploymentList.self, DeploymentShow.self, DeploymentTail.self, DeploymentWarm.self, DeploymentDelete.self,
            DeploymentSecretSet.self, DeploymentSecretList.self, DeploymentSecretRemove.self,
        ]
    )
}
