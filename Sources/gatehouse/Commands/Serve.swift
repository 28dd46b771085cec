import ArgumentParser
import Foundation
import GatewayLog
import Logging

/// The command `gatehouse serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Start the gateway and run until SIGTERM.")

    @OptionGroup var configuration: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "The program that runs a model; by default gatehouse-worker beside this one.",
            valueName: "file"
        )
    )
    var worker: String?

    func run() async throws {
        let settings = try configuration.load()
        ProcessLimits.prepare()
        let socket = try InheritedSocket(ProcessInfo.processInfo.environment)
        socket?.keep()
        LoggingSystem.bootstrap { _ in JSONLinesHandler() }
        try await Composition(
            configuration: settings,
            workerExecutable: worker ?? Self.siblingWorker,
            socket: socket?.descriptor,
            logger: Logger(label: "gatehouse")
        ).run()
    }

    private static var siblingWorker: String {
        let own = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return own.deletingLastPathComponent().appendingPathComponent("gatehouse-worker").path
    }
}
