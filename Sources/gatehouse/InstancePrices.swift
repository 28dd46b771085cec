import Foundation
import GatewayAPI
import Yams

/// What instances cost per hour: `instances.yaml` beside the configuration, one line `instance_type: price` for each.
enum InstancePrices {
    /// - Returns: nothing when there is no such file.
    static func load(beside configuration: String) throws(DocumentProblems) -> [String: Money] {
        let path = URL(fileURLWithPath: configuration).deletingLastPathComponent()
            .appendingPathComponent("instances.yaml").path
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        do throws(DocumentProblem) {
            return try read(try YAMLFile(path: path))
        } catch {
            throw DocumentProblems(problems: [error])
        }
    }

    static func read(_ file: YAMLFile) throws(DocumentProblem) -> [String: Money] {
        guard let root = file.documents.first, !root.isNull else { return [:] }
        guard file.documents.count == 1, let entries = YAMLMapping.entries(root) else {
            throw DocumentProblem(file: file.name, message: "must be one mapping", hint: "write Standard_DS3_v2: 0.27")
        }
        var prices: [String: Money] = [:]
        for entry in entries {
            guard let price = entry.node.scalar.flatMap({ Money($0.string) }) else {
                throw DocumentProblem(
                    file: file.name,
                    line: entry.line,
                    message: "\(entry.name): the price per hour must be a decimal number with at most six places",
                    hint: "write \(entry.name): 0.27"
                )
            }
            // Sixty-four of them still make an amount.
            prices[entry.name] = Money(millionths: min(price.millionths, Money.largest / 64))
        }
        return prices
    }
}
