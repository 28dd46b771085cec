import ArgumentParser
import GatewayAPI

/// The command `gatehouse captures label`.
struct CaptureLabel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "Give a sample a label, by which list finds it; an empty one takes it away."
    )

    @OptionGroup var capture: CaptureArguments
    @Argument(help: "The label: up to 64 characters.") var label: String
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let label = CaptureLabelResource(label: label)
        let changed: CaptureSummaryResource = try await admin.connect().put("\(capture.url)/label", label)
        try output.show(changed)
    }
}
