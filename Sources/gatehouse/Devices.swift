import GatewayAPI
import GatewayWorkers

extension DevicesResource {
    /// What the engine reports, and which workers are where.
    init(_ watch: DeviceWatch, _ board: WorkerBoard) {
        self.init(policy: watch.policy.description)
        switch watch.finding?.devices {
        case nil: problem = "they were not asked for yet"
        case .failure(let failure): problem = failure.description
        case .success(let devices):
            let placed = board.all.sorted { $0.key < $1.key }
            value = devices.map { DeviceResource($0, isUsed: watch.policy.allows($0), placed) }
        }
    }
}

extension DeviceResource {
    fileprivate init(_ device: Device, isUsed: Bool, _ pools: [(key: String, value: PoolStatus)]) {
        self.init(
            index: device.index,
            name: device.name,
            kind: device.kind.rawValue,
            description: device.description,
            totalBytes: Int(device.total),
            freeBytes: Int(device.free),
            isUsed: isUsed,
            instances: pools.flatMap { id, pool in
                pool.workers.compactMap { worker -> PlacedInstanceResource? in
                    guard let bytes = worker.placement?.bytes(on: device) else { return nil }
                    return PlacedInstanceResource(
                        deployment: id,
                        instance: worker.index,
                        state: worker.state.word,
                        bytes: device.kind == .cpu ? nil : Int(clamping: bytes)
                    )
                }
            }
        )
    }
}

extension Placement {
    /// What it takes of a device; `nil` when it is not there.
    fileprivate func bytes(on device: Device) -> Int64? {
        if shares.isEmpty { return device.kind == .cpu ? 0 : nil }
        return shares.first { $0.name == device.name }?.bytes
    }
}
