import Foundation
import Testing

@testable import Llama

private let backends = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_BACKENDS"]

#if Llama
    /// With the real backends, where they were built.
    @Suite(.enabled(if: backends != nil, "GATEHOUSE_TEST_BACKENDS names a directory")) struct DeviceTests {
        @Test func `the backends report the CPU last, with the machine's memory, and each device once`() throws {
            let devices = try DeviceReport.all(in: backends)
            let last = try #require(devices.last)
            #expect(last.kind == .cpu && last.name == "CPU" && !last.description.isEmpty)
            #expect(last.totalBytes > 1 << 28 && last.freeBytes > 0 && last.freeBytes < last.totalBytes)
            #expect(devices.map(\.index) == Array(0..<devices.count))
            #expect(Set(devices.map(\.name)).count == devices.count)
        }

        @Test func `a GPU that is not there is refused by its name`() throws {
            _ = try Runtime.load(backends)
            let failure = #expect(throws: EngineFailure.self) {
                _ = unsafe try Runtime.places(ModelDevices(names: ["CUDA77"]), gpuLayers: -1)
            }
            #expect(failure?.message.contains("No GPU is called \"CUDA77\"") == true)
            // Nor is the CPU one.
            #expect(throws: EngineFailure.self) {
                _ = unsafe try Runtime.places(ModelDevices(names: ["CPU"]), gpuLayers: -1)
            }
        }

        @Test func `without layers on a GPU no GPU is used, and without names the engine chooses`() throws {
            _ = try Runtime.load(backends)
            let none = unsafe try Runtime.places(.all, gpuLayers: 0)
            #expect(unsafe none.devices?.count == 1 && none.parts.isEmpty)
            let any = unsafe try Runtime.places(.all, gpuLayers: -1)
            #expect(unsafe any.devices == nil && any.parts.isEmpty)
        }
    }
#endif
