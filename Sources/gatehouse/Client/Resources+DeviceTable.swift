import GatewayAPI

extension DeviceResource: TableRow {
    static var headings: [String] { ["index", "device", "kind", "what it is", "memory", "free", "used", "workers"] }
    var cells: [String] {
        [
            String(index), name, kind, description, "\(totalBytes >> 20) MiB", "\(freeBytes >> 20) MiB",
            isUsed ? "yes" : "no", instances.map(\.text).joined(separator: ", "),
        ]
    }
}

extension PlacedInstanceResource {
    fileprivate var text: String {
        let size = bytes.map { ", about \($0 >> 20) MiB" } ?? ""
        return "\(deployment) \(instance) (\(state)\(size))"
    }
}
