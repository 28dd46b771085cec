import ArgumentParser
import GatewayAPI

/// The command `gatehouse devices`.
struct DeviceList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Show the GPUs and the CPU, their memory, and the workers on them.",
        discussion: "For operators of the whole gateway. INDEX and DEVICE are what workers.devices may list."
    )

    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found: DevicesResource = try await admin.connect().get("/api/v1/devices")
        guard output.output == .table else { return try output.write(found) }
        if let problem = found.problem { report("no devices are known, workers run on the CPU: \(problem)") }
        try output.show(found.value)
    }
}
