import ArgumentParser
import Foundation
import GatewayAPI
import Yams

/// How a command prints what it got.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
    case yaml
}

/// The option that every command has.
struct OutputOptions: ParsableArguments {
    @Option(help: "How to print: table, json or yaml.")
    var output = OutputFormat.table

    func show<Row: TableRow & Codable & Sendable>(_ rows: [Row]) throws {
        switch output {
        case .table: print(Table(rows).text)
        case .json, .yaml: try write(ResourceList(rows))
        }
    }

    func show(_ row: some TableRow & Encodable) throws {
        switch output {
        case .table: print(Table(describing: row).text)
        case .json, .yaml: try write(row)
        }
    }

    /// JSON or YAML.
    func write(_ value: some Encodable) throws {
        if output == .yaml {
            let encoder = YAMLEncoder()
            encoder.options.sortKeys = true
            return print(try encoder.encode(value), terminator: "")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Prints a line for people on standard error, where it does not mix with what programs read.
func report(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
