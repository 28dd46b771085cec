import Testing

@testable import GatewayWorkers

/// Where workers go, by lists of devices that no machine here has; sizes are MiB.
@Suite struct PlacerTests {
    private static let mebibyte: Int64 = 1 << 20

    private static func gpu(_ index: Int, free: Int64, _ kind: Device.Kind = .gpu) -> Device {
        Device(index: index, name: "CUDA\(index)", kind: kind, total: 24_000 * mebibyte, free: free * mebibyte)
    }

    private static let cpu = Device(index: 9, name: "CPU", kind: .cpu, total: 1 << 36, free: 1 << 35)

    /// A model of ten layers of a tenth each, and 500 MiB beside them.
    private static func need(_ size: Int64) -> DeviceNeed {
        DeviceNeed(divisible: size * mebibyte, piece: size * mebibyte / 10, each: 500 * mebibyte)
    }

    private static func place(
        _ size: Int64,
        on gpus: [Device],
        policy: DevicePolicy = .auto,
        promised: [String: Int64] = [:]
    ) -> Placement {
        Placer(policy: policy, devices: .success(gpus + [cpu]))
            .place(need(size), promised: promised.mapValues { $0 * mebibyte })
    }

    private static func names(_ placement: Placement) -> [String] { placement.shares.map(\.name) }

    @Test func `the GPU with most memory left takes it, the first of equal ones`() {
        let three = [Self.gpu(0, free: 8000), Self.gpu(1, free: 12_000), Self.gpu(2, free: 12_000)]
        let placement = Self.place(4000, on: three)
        #expect(Self.names(placement) == ["CUDA1"])
        #expect(placement.shares[0].bytes == 4500 * Self.mebibyte && placement.shares[0].part == 1)
        #expect(placement.arguments == ["--device", "CUDA1"] && placement.text == "CUDA1")
    }

    @Test func `several models share one GPU until it is full, and a full one is passed over`() {
        let gpus = [Self.gpu(0, free: 10_000), Self.gpu(1, free: 400)]
        var promised: [String: Int64] = [:]
        for _ in 0..<2 {
            let placement = Self.place(4000, on: gpus, promised: promised)
            #expect(Self.names(placement) == ["CUDA0"])
            promised["CUDA0", default: 0] += 4500
        }
        let third = Self.place(4000, on: gpus, promised: promised)
        #expect(third.shares.isEmpty)
        #expect(third.reason == "on a GPU it needs 4500 MiB, and MiB left are CUDA0 1000, CUDA1 400")
    }

    @Test func `what a worker that starts will take counts before it is taken`() {
        let gpus = [Self.gpu(0, free: 10_000), Self.gpu(1, free: 9000)]
        #expect(Self.names(Self.place(4000, on: gpus)) == ["CUDA0"])
        #expect(Self.names(Self.place(4000, on: gpus, promised: ["CUDA0": 1001])) == ["CUDA1"])
        // More than it says to have free: nothing is left, and nothing breaks.
        #expect(Self.names(Self.place(4000, on: gpus, promised: ["CUDA0": 50_000])) == ["CUDA1"])
    }

    @Test func `a need that fits to the byte fits, and one more byte does not`() {
        let need = DeviceNeed(divisible: 900, piece: 100, each: 100)
        func place(_ free: Int64) -> Placement {
            let device = Device(index: 0, name: "CUDA0", kind: .gpu, total: 2000, free: free)
            return Placer(policy: .auto, devices: .success([device])).place(need, promised: [:])
        }
        #expect(place(1000).shares.count == 1 && place(999).shares.isEmpty)
    }

    @Test func `a model that no GPU holds is divided over two, in proportion to what each has for it`() {
        let gpus = [Self.gpu(0, free: 9000), Self.gpu(1, free: 2500), Self.gpu(2, free: 6000)]
        let placement = Self.place(10_000, on: gpus)
        // 9000 and 6000, each less 500 and a layer of 1000: 7500 and 4500 for 10,000; the third would not help.
        #expect(Self.names(placement) == ["CUDA0", "CUDA2"])
        #expect(placement.shares.map(\.part) == [0.625, 0.375])
        #expect(placement.shares.map { $0.bytes / Self.mebibyte } == [6750, 4250])
        #expect(placement.arguments == ["--device", "CUDA0", "--device", "CUDA2", "--tensor-split", "0.6250,0.3750"])
        #expect(placement.text == "CUDA0 63 % + CUDA2 38 %")
    }

    @Test func `a share never outgrows its GPU, whatever the sizes`() {
        for size in stride(from: Int64(1000), through: 40_000, by: 777) {
            for first in stride(from: Int64(0), through: 20_000, by: 1999) {
                let gpus = [Self.gpu(0, free: first), Self.gpu(1, free: 14_000), Self.gpu(2, free: 9000)]
                let placement = Self.place(size, on: gpus)
                for share in placement.shares {
                    // A layer more than its part is what the engine may give it.
                    let piece = placement.shares.count > 1 ? size * Self.mebibyte / 10 : 0
                    let free = gpus.first { $0.name == share.name }?.free ?? 0
                    #expect(share.bytes + piece <= free + 1, "\(size) on \(placement)")
                }
                let parts = placement.shares.reduce(0) { $0 + $1.part }
                #expect(placement.shares.isEmpty || abs(parts - 1) < 1e-9)
            }
        }
    }

    @Test func `more GPUs than two are taken only when two do not hold it`() {
        let gpus = (0..<4).map { Self.gpu($0, free: 6000) }
        #expect(Self.names(Self.place(8000, on: gpus)) == ["CUDA0", "CUDA1"])
        #expect(Self.names(Self.place(13_000, on: gpus)).count == 4)
        #expect(Self.place(30_000, on: gpus).shares.isEmpty)
    }

    @Test func `without a GPU it is the CPU, and the reason says which case it is`() {
        #expect(Self.place(1, on: []) == .host(reason: "the engine's backends report no GPU"))
        let left = Device(
            index: 0,
            name: "libggml-cuda.so",
            kind: .unusable,
            description: "no driver",
            total: 0,
            free: 0
        )
        let reason = "the engine's backends report no GPU; libggml-cuda.so is not used: no driver"
        #expect(Self.place(1, on: [left]) == .host(reason: reason))
        let gpus = [Self.gpu(0, free: 9000)]
        #expect(Self.place(1, on: gpus, policy: .cpu) == .host(reason: "workers.devices is cpu"))
        #expect(
            Self.place(1, on: gpus, policy: .only([.index(3)]))
                == .host(reason: "workers.devices is 3, and the GPUs are CUDA0")
        )
        let failed = Placer(policy: .auto, devices: .failure(DeviceFailure("no answer")))
        #expect(failed.place(Self.need(1), promised: [:]) == .host(reason: "the devices are not known: no answer"))
        let unknown = Placer(policy: .auto, devices: .success(gpus)).place(nil, promised: [:])
        #expect(unknown == .host(reason: "what its model takes is not known"))
        #expect(unknown.arguments == ["--gpu-layers", "0"] && unknown.text == "CPU")
    }

    @Test func `only the GPUs of the list are taken, by place or by name`() {
        let gpus = (0..<3).map { Self.gpu($0, free: 9000) }
        #expect(Self.names(Self.place(1000, on: gpus, policy: .only([.index(2)]))) == ["CUDA2"])
        #expect(Self.names(Self.place(1000, on: gpus, policy: .only([.name("CUDA1"), .index(7)]))) == ["CUDA1"])
        // Not over one that is not listed either.
        #expect(Self.place(9000, on: gpus, policy: .only([.index(0)])).shares.isEmpty)
    }

    @Test func `an integrated GPU is taken only where there is no other, and is known as one`() {
        let both = [Self.gpu(0, free: 1000, .integrated), Self.gpu(1, free: 900)]
        #expect(Self.place(800, on: both).shares.isEmpty)
        let placement = Self.place(400, on: [both[0]])
        #expect(Self.names(placement) == ["CUDA0"] && placement.shares[0].isIntegrated)
    }

    @Test(arguments: [
        ("auto", "auto"), ("cpu", "cpu"), ("[0, 1]", "0, 1"), ("1,CUDA0", "1, CUDA0"), ("Vulkan1", "Vulkan1"),
    ])
    func `a policy is read as it is written`(text: String, description: String) {
        #expect(DevicePolicy(text)?.description == description)
    }

    @Test(arguments: ["", "[]", "0,0", "-1", "01", "256", "0,", "CPU", "0, auto", "CUDA 0", "1.5", "+1", "[0"])
    func `what names no GPU is no policy`(text: String) {
        #expect(DevicePolicy(text) == nil)
    }
}
