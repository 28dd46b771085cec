import GatewayAPI
import GatewayAdmin

/// A model as `gatehouse models show` prints it for people.
struct ModelDescription: Encodable, TableRow {
    static let headings = [
        "model", "size", "format", "runs here", "name of its makers", "kind", "architecture", "quantisation",
        "parameters", "context length", "vocabulary", "tokenizer", "chat template", "sha256", "path", "pulled from",
        "last used",
    ]

    let cells: [String]

    init(_ model: ModelResource) {
        let header = model.header
        let template = header.map { $0.hasChatTemplate ? ($0.chatTemplate.map(Self.shortened) ?? "yes") : "none" }
        cells = [
            "\(model.name):\(model.version ?? "")", model.size.map(ByteText.text) ?? "", model.format ?? "",
            model.refusal.map { "no: it \($0)" } ?? "yes", header?.title ?? "", header?.kind ?? "",
            header?.architecture ?? "", header?.quantisation ?? "", header?.parameters.map(Self.count) ?? "",
            header?.contextLength.map { "\($0) tokens" } ?? "", header?.vocabulary.map { "\($0) tokens" } ?? "",
            header?.tokenizer ?? "", template ?? "", model.sha256 ?? "", model.path, model.source ?? "",
            model.lastUsedAt ?? "",
        ]
    }

    /// `134.5 M`.
    static func count(_ number: Int64) -> String {
        let units = [("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)]
        guard let (unit, factor) = units.first(where: { Double(number) >= $0.1 }) else { return "\(number)" }
        let tenths = Int64((Double(number) / factor * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }

    /// The first line, as far as a terminal has room; `--output json` has all of it.
    private static func shortened(_ template: String) -> String {
        let line = template.prefix { !$0.isNewline }
        return line.count < template.count || line.count > 60 ? "\(line.prefix(60))…" : template
    }
}
