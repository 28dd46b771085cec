import ArgumentParser
import GatewayCore

/// `deployment=PERCENT` on the command line.
struct DeploymentShare: ExpressibleByArgument, Equatable {
    let deployment: String
    let percent: Int

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, Names.isDeployment(String(parts[0])), let percent = Int(parts[1]),
            (0...100).contains(percent)
        else { return nil }
        deployment = String(parts[0])
        self.percent = percent
    }

    var pair: (String, Int) { (deployment, percent) }
}
