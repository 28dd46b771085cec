/// Something that can be printed as one row under headings.
protocol TableRow {
    static var headings: [String] { get }
    var cells: [String] { get }
}

/// Aligned columns for a terminal; control characters never reach it.
struct Table {
    let text: String

    /// Many things: one line each.
    init<Row: TableRow>(_ rows: [Row]) {
        self.init(lines: [Row.headings.map { $0.uppercased() }] + rows.map(\.cells))
    }

    /// One thing: a line for each of its cells.
    init<Row: TableRow>(describing row: Row) {
        self.init(lines: zip(Row.headings, row.cells).map { [$0, $1] })
    }

    private init(lines: [[String]]) {
        let clean = lines.map { $0.map(Self.printable) }
        var widths: [Int] = []
        for cells in clean {
            for (column, cell) in cells.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        text = clean.map { cells in
            let padded = cells.enumerated().map { column, cell in
                column == cells.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return padded.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}
