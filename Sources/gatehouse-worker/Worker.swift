import ArgumentParser
import Foundation
import GatewayLog
import Llama
import Logging

// This program serves one model to one gateway: OpenAI's API over HTTP/1.1 on a Unix socket. It knows nothing of
// tenants, keys or limits; who may connect is a matter of the socket file's mode.

/// The command line of the model server.
@main
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse-worker",
        abstract: "Serves one GGUF model on a Unix socket, as the OpenAI API and on /score.",
        discussion: """
            Exit codes: 0 after SIGTERM, SIGINT or the parent's death, 64 for wrong arguments, 65 when the model \
            cannot be served, 69 when this build has no model engine, 71 when the socket cannot be opened.
            """
    )

    private static let slotRange = 1...64
    private static let contextRange = 16...4_194_304
    private static let threadRange = 1...256
    private static let queueRange = 0...4096
    private static let drainRange = 0...3600
    private static let stepRange = 1...86_400

    @Option(help: "The GGUF file.")
    var model = ""
    @Option(help: "The Unix socket to listen on; made with mode 0600.")
    var socket: String?
    @Option(help: "The model's name in answers; the file's name without .gguf if not given.")
    var name: String?
    @Option(help: "Requests that are answered at once, \(Self.slotRange.words).")
    var slots = 4
    @Option(
        help:
            """
            Tokens per request, prompt and answer; of an encoder-decoder each of the two, of an embedding model one text; \
            \(Self.contextRange.words). What the model was trained for, at most 4096, if not given.
            """
    )
    var context: Int?
    @Option(help: "Threads that compute, \(Self.threadRange.words); half of the cores if not given.")
    var threads = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    @Option(help: "Requests that may wait beyond the slots, \(Self.queueRange.words).")
    var queue = 32
    @Option(
        name: .customLong("step-seconds"),
        help:
            """
            Seconds, \(Self.stepRange.words), that 128 tokens may take to compute; where it takes longer, /healthz \
            says that the engine hangs.
            """
    )
    var stepSeconds = 60
    @Option(help: "Where the loadable backends are; beside libllama if not given.")
    var backends: String?
    @Option(name: .customLong("gpu-layers"), help: "Layers on GPUs; negative: all, when there is one; 0: CPU only.")
    var gpuLayers = -1
    @Option(
        name: .customLong("device"),
        help: ArgumentHelp("A GPU for them, as --list-devices names it; may be given several times.", valueName: "name")
    )
    var devices: [String] = []
    @Option(
        name: .customLong("tensor-split"),
        help: ArgumentHelp("Each --device's part of the layers; by free memory if not given.", valueName: "0.6,0.4")
    )
    var split: String?
    @Flag(name: .customLong("list-devices"), help: "Prints what the backends report, as a JSON array, and exits.")
    var listsDevices = false
    @Option(help: "Seconds, \(Self.drainRange.words), that open answers, and requests on their way, get after SIGTERM.")
    var drain = 30
    @Option(
        help:
            """
            Answers this prompt with the engine itself, greedily, and exits: no server, no batching. May be given several \
            times.
            """
    )
    var once: [String] = []
    @Flag(help: "With --once: prints each answer's tokens, as a JSON array of their bytes, on a line.")
    var tokens = false
    @Option(name: .customLong("max-tokens"), help: "With --once: how many tokens an answer may have, at least 1.")
    var maxTokens = 128
    @Flag(help: "Logs what the engine says about itself while loading.")
    var verbose = false

    func validate() throws {
        if listsDevices { return }
        guard !model.isEmpty else { throw ValidationError("Give the GGUF file: --model FILE.") }
        guard (socket == nil) != once.isEmpty else { throw ValidationError("Give either --socket or --once.") }
        guard split == nil || parts.map({ $0.count == devices.count }) == true else {
            throw ValidationError("--tensor-split must have a number above 0 for each --device, with commas between.")
        }
        try Self.slotRange.check(slots, "--slots")
        try Self.queueRange.check(queue, "--queue")
        try Self.threadRange.check(threads, "--threads")
        try Self.drainRange.check(drain, "--drain")
        try Self.stepRange.check(stepSeconds, "--step-seconds")
        if let context { try Self.contextRange.check(context, "--context") }
        guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1.") }
        guard !tokens || !once.isEmpty else { throw ValidationError("--tokens goes with --once.") }
    }

    func run() async throws {
        LoggingSystem.bootstrap { _ in JSONLinesHandler(level: verbose ? .debug : .info) }
        let log = Logger(label: "gatehouse-worker")
        EngineLog.send(to: { severity, line in log.log(level: severity.level, "engine", metadata: ["line": "\(line)"]) }
        )
        if listsDevices {
            try printDevices(log)
        } else if once.isEmpty {
            try await serve(log)
        } else {
            try answerOnce(log)
        }
    }

    private func answerOnce(_ log: Logger) throws {
        let answers = orExit(log) { () throws(EngineFailure) in
            try Reference.answers(once, maxTokens: maxTokens, options)
        }
        for pieces in answers {
            let text = tokens ? try JSONEncoder().encode(pieces) : Data(pieces.joined())
            print(String(decoding: text, as: UTF8.self))
        }
    }

    /// What `--tensor-split` says; nil when it is no such list.
    private var parts: [Float]? {
        let parts = (split ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Float($0) ?? 0 }
        return parts.allSatisfy { $0 > 0 && $0 < 1e6 } ? parts : nil
    }

    /// On standard output the list alone: what the engine says goes to the log.
    private func printDevices(_ log: Logger) throws {
        let directory = backends.map { URL(fileURLWithPath: $0).path }
        let found = orExit(log) { () throws(EngineFailure) in try DeviceReport.all(in: directory) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(found), as: UTF8.self))
    }

    private func serve(_ log: Logger) async throws {
        ParentWatch.start(log)
        let station = Station(name: name ?? URL(fileURLWithPath: model).deletingPathExtension().lastPathComponent, log)
        let signals = StopSignals.watch(station, log)
        defer { withExtendedLifetime(signals) {} }
        let server = try await open(station, log)
        do throws(EngineFailure) {
            station.open(try await Engine.start(options))
        } catch {
            server.removeSocket()
            exit(after: error, log)
        }
        await station.stopRequested()
        await server.drain(station, within: .seconds(drain))
        log.info("stopped")
    }

    private func open(_ station: Station, _ log: Logger) async throws -> Server {
        do {
            return try await Server.open(socket ?? "", station)
        } catch {
            log.critical("cannot listen", metadata: ["socket": "\(socket ?? "")", "reason": "\(error)"])
            throw ExitCode(71)
        }
    }

    private var options: EngineOptions {
        var options = EngineOptions(
            modelPath: model,
            backendDirectory: backends.map { URL(fileURLWithPath: $0).path },
            slots: slots,
            context: context,
            threads: threads,
            queue: queue,
            gpuLayers: gpuLayers,
            devices: ModelDevices(names: devices, parts: split == nil ? [] : parts ?? [])
        )
        options.stepLimit = .seconds(stepSeconds)
        return options
    }

    private func orExit<Value>(_ log: Logger, _ body: () throws(EngineFailure) -> Value) -> Value {
        do throws(EngineFailure) { return try body() } catch { exit(after: error, log) }
    }

    private func exit(after failure: EngineFailure, _ log: Logger) -> Never {
        let event = listsDevices ? "no devices" : "model refused"
        log.critical("\(event)", metadata: ["model": "\(model)", "reason": "\(failure.message)"])
        Self.exit(withError: ExitCode(failure == .notBuiltIn ? 69 : 65))
    }
}

extension ClosedRange<Int> {
    fileprivate var words: String { "\(lowerBound) to \(upperBound)" }

    fileprivate func check(_ value: Int, _ option: String) throws {
        guard contains(value) else { throw ValidationError("\(option) must be \(words), and is \(value).") }
    }
}

extension EngineLog.Severity {
    /// The engine tells much about itself while it loads: that is detail here.
    fileprivate var level: Logger.Level {
        switch self {
        case .information: .debug
        case .warning: .warning
        case .error: .error
        }
    }
}
