/// What a delete command prints.
struct Removal: Codable, TableRow {
    static let headings = ["deleted"]

    let resource: String
    var cells: [String] { [resource] }
}
