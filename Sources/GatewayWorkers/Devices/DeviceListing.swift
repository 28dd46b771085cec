import Foundation

/// Reads what `gatehouse-worker --list-devices` prints: a JSON array, and nothing beside it.
enum DeviceListing {
    /// Bytes; no machine has so many devices.
    static let longest = 64 << 10
    private static let mostDevices = 256
    private static let longestName = 64
    /// No device has more: sizes are added up.
    private static let mostMemory: Int64 = 1 << 50

    private struct Entry: Decodable {
        let index: Int
        let name: String
        let kind: Device.Kind
        let description: String?
        let totalBytes: Int64
        let freeBytes: Int64
    }

    static func read(_ text: String) throws(DeviceFailure) -> [Device] {
        guard text.utf8.count <= longest else { throw DeviceFailure("the list has more than \(longest) bytes") }
        let entries: [Entry]
        do {
            entries = try JSONDecoder().decode([Entry].self, from: Data(text.utf8))
        } catch {
            throw DeviceFailure("what the worker printed is no list of devices: \(excerpt(of: text))")
        }
        guard entries.count <= mostDevices else { throw DeviceFailure("the list has more than \(mostDevices) devices") }
        var devices: [Device] = []
        for entry in entries { devices.append(try device(entry)) }
        guard Set(devices.map(\.name)).count == devices.count else {
            throw DeviceFailure("two devices of the list have one name: \(devices.map(\.name).joined(separator: ", "))")
        }
        return devices
    }

    private static func device(_ entry: Entry) throws(DeviceFailure) -> Device {
        // It becomes an argument: a dash in front would make it an option.
        guard entry.name.first?.isLetter == true, entry.name.utf8.count <= longestName,
            entry.name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") })
        else {
            let name = String(entry.name.prefix(longestName))
            throw DeviceFailure("a device has a name that cannot be used: \(name.debugDescription)")
        }
        guard (0...mostMemory).contains(entry.totalBytes), (0...mostMemory).contains(entry.freeBytes) else {
            throw DeviceFailure("the device \(entry.name) reports \(entry.freeBytes) of \(entry.totalBytes) bytes free")
        }
        return Device(
            index: entry.index,
            name: entry.name,
            kind: entry.kind,
            description: String((entry.description ?? "").prefix(200)),
            total: entry.totalBytes,
            free: entry.freeBytes
        )
    }

    private static func excerpt(of text: String) -> String {
        text.isEmpty ? "nothing" : String(text.prefix(200)).debugDescription
    }
}
