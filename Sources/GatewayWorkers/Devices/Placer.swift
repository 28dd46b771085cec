/// Decides where a worker goes: on the GPU that has most memory left, on several when none holds it alone, else on the CPU.
struct Placer {
    let policy: DevicePolicy
    /// What was found, or why nothing was.
    let devices: Result<[Device], DeviceFailure>

    /// - Parameters:
    ///   - need: `nil` when it is not known.
    ///   - promised: bytes by a device's name that workers will take and have not taken yet.
    func place(_ need: DeviceNeed?, promised: [String: Int64]) -> Placement {
        if policy == .cpu { return .host(reason: "workers.devices is cpu") }
        let all: [Device]
        switch devices {
        case .failure(let failure): return .host(reason: "the devices are not known: \(failure)")
        case .success(let found): all = found
        }
        let gpus = usable(all)
        guard !gpus.isEmpty else { return .host(reason: absence(all)) }
        guard let need else { return .host(reason: "what its model takes is not known") }
        let rooms = gpus.map { Room(device: $0, left: max(0, $0.free - (promised[$0.name] ?? 0))) }
            .sorted { ($0.left, $1.device.index) > ($1.left, $0.device.index) }
        if let one = rooms.first, one.left >= need.alone {
            return .devices([one.share(part: 1, of: need)])
        }
        return divide(need, over: rooms) ?? .host(reason: Self.tooLittle(need, rooms))
    }

    /// A GPU, and what nobody has or will have of it.
    private struct Room {
        let device: Device
        let left: Int64

        func share(part: Double, of need: DeviceNeed) -> Placement.Share {
            Placement.Share(
                name: device.name,
                part: part,
                bytes: Int64(Double(need.divisible) * part) + need.each,
                isIntegrated: device.kind == .integrated
            )
        }
    }

    /// Integrated ones only where there are no others: their memory is the machine's, and slow.
    private func usable(_ devices: [Device]) -> [Device] {
        let allowed = devices.filter { ($0.kind == .gpu || $0.kind == .integrated) && policy.allows($0) }
        let separate = allowed.filter { $0.kind == .gpu }
        return separate.isEmpty ? allowed : separate
    }

    /// Over as few as hold it, in proportion to what each has for it.
    ///
    /// Layers are not cut: each may get one piece more than its part, which is kept for that.
    private func divide(_ need: DeviceNeed, over rooms: [Room]) -> Placement? {
        let offers = rooms.map { (room: $0, bytes: $0.left - need.each - need.piece) }.filter { $0.bytes > 0 }
        var sum: Int64 = 0
        for (count, offer) in offers.enumerated() {
            sum += offer.bytes
            guard count > 0, sum >= need.divisible else { continue }
            // In the list's order: the engine's own, in which GPUs beside each other are near each other.
            let taken = offers[...count].sorted { $0.room.device.index < $1.room.device.index }
            return .devices(taken.map { $0.room.share(part: Double($0.bytes) / Double(sum), of: need) })
        }
        return nil
    }

    private func absence(_ devices: [Device]) -> String {
        let gpus = devices.filter { $0.kind == .gpu || $0.kind == .integrated }.map(\.name)
        guard !gpus.isEmpty else {
            let unusable = devices.filter { $0.kind == .unusable }.map { "; \($0.name) is not used: \($0.description)" }
            return "the engine's backends report no GPU" + unusable.joined()
        }
        return "workers.devices is \(policy), and the GPUs are \(gpus.joined(separator: ", "))"
    }

    private static func tooLittle(_ need: DeviceNeed, _ rooms: [Room]) -> String {
        let left = rooms.sorted { $0.device.index < $1.device.index }
            .map { "\($0.device.name) \($0.left / MemorySize.mebibyte)" }
        let asked = (need.alone + MemorySize.mebibyte - 1) / MemorySize.mebibyte
        return "on a GPU it needs \(asked) MiB, and MiB left are \(left.joined(separator: ", "))"
    }
}
