import ArgumentParser
import Foundation
import GatewayAPI

/// The command `gatehouse captures show`.
struct CaptureShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a sample with headers and bodies; of a mirrored pair both halves."
    )

    @OptionGroup var capture: CaptureArguments
    @Option(help: "A folder for the kept bytes of both bodies.") var save: String?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        let found: CapturedExchangeResource = try await client.get(capture.url)
        if let save { try await keep(found, in: save, client) }
        switch output.output {
        case .json, .yaml: try output.write(found)
        case .table:
            print(CaptureText.text(of: found))
            for pair in found.comparisons { print("\n" + CaptureText.comparison(pair, of: found)) }
        }
    }

    private func keep(_ found: CapturedExchangeResource, in folder: String, _ client: AdminClient) async throws {
        try PrivateOutput.makeFolder(folder)
        for (half, message) in [("request", found.request), ("response", found.response)] where message.bytes > 0 {
            let path = "\(folder)/capture-\(capture.number)-\(half)"
            try PrivateOutput.put(try await client.bytes("\(capture.url)/\(half)"), to: path)
            report("\(path): \(message.bytes) bytes")
        }
    }
}

/// A sample as people read it in a terminal.
enum CaptureText {
    static func text(of capture: CapturedExchangeResource) -> String {
        [
            Table(describing: capture.summary).text, section("request", capture.request),
            section("response", capture.response),
        ].joined(separator: "\n\n")
    }

    /// The halves of a mirrored pair, side by side: first the caller's.
    static func comparison(_ pair: ComparedPair, of capture: CapturedExchangeResource) -> String {
        func deployment(_ number: Int64?) -> String {
            ([capture.summary] + capture.pair).first { $0.id == number }?.deployment ?? ""
        }
        func text(_ number: Int64?) -> String { number.map(String.init) ?? "" }
        let (one, other) = (pair.one, pair.other)
        let rows: [(String, String, String)] = [
            ("capture", text(pair.capture), text(pair.otherCapture)),
            ("deployment", deployment(pair.capture), deployment(pair.otherCapture)),
            ("status", String(one.status), String(other.status)),
            ("duration ms", String(one.durationMs), String(other.durationMs)),
            ("response bytes", String(one.bytes), String(other.bytes)),
            ("completion tokens", text(one.completionTokens), text(other.completionTokens)),
        ]
        func shown(_ value: String?) -> String { String((value ?? "(none)").prefix(120)) }
        let differences = pair.differences.map { ($0.field, shown($0.one), shown($0.other)) }
        let table = Table((rows + differences).map { PairRow(what: $0.0, one: $0.1, other: $0.2) }).text
        let verdict = pair.agrees ? "the answers agree" : "the answers differ"
        return "\(verdict), by \(pair.method), alike to \(String(format: "%.3f", pair.similarity))\n\(table)"
    }

    private static func section(_ title: String, _ message: CapturedMessageResource) -> String {
        let headers = message.headers.map { "\($0.name): \($0.value)" }
        let size = "\(message.kind), \(message.bytes) bytes\(message.truncated ? ", cut" : "")"
        return ([title.uppercased() + " (\(size))"] + headers + ["", body(message)]).joined(separator: "\n").visible
    }

    private static func body(_ message: CapturedMessageResource) -> String {
        switch message.kind {
        case "json": pretty(message.text ?? "")
        case "events":
            (message.events ?? []).map { event in
                let time = String(format: "%10.1f ms  ", event.ms)
                return time + event.text.replacing("\n", with: "\n               ")
            }.joined(separator: "\n")
        case "binary": "sha256 \(message.sha256 ?? ""); --save FOLDER keeps it"
        default: message.text ?? ""
        }
    }

    private static func pretty(_ text: String) -> String {
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed),
            let data = try? JSONSerialization.data(
                withJSONObject: value,
                options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed]
            )
        else { return text }
        return String(decoding: data, as: UTF8.self)
    }
}

private struct PairRow: TableRow {
    static var headings: [String] { ["", "caller's", "mirror's"] }
    let what: String
    let one: String
    let other: String
    var cells: [String] { [what, one, other] }
}

extension String {
    /// Without what a terminal would obey, but for line ends.
    fileprivate var visible: String {
        String(
            unicodeScalars.map { scalar in
                scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
                    ? "?" : Character(scalar)
            }
        )
    }
}
