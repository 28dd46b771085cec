import Testing

@testable import GatewayProxy

@Suite struct RequestIDTests {
    @Test func `a request id is 32 hexadecimal characters`() {
        var source = RequestIDSource()
        for _ in 0..<1000 {
            let id = source.next(at: 1_800_000_000_000_000)
            #expect(id.utf8.count == 32)
            #expect(id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        }
    }

    @Test func `no id is made twice, whoever makes it`() {
        var sources = (0..<8).map { _ in RequestIDSource() }
        var ids = Set<String>()
        for index in 0..<40_000 { ids.insert(sources[index % 8].next(at: 1_800_000_000_000_000)) }
        #expect(ids.count == 40_000)
    }

    @Test func `an id of a later millisecond sorts behind, whoever makes it`() {
        var sources = (0..<8).map { _ in RequestIDSource() }
        // From the past to where the first digit changes.
        let moments = (0..<1000).map { 1_000_000_000_000_000 + Int64($0) * 8_000_000_000_001 }
        let ids = moments.indices.map { sources[$0 % 8].next(at: moments[$0]) }
        #expect(ids == ids.sorted())
        #expect(ids[0].hasPrefix("00e8d4a51000"))
    }
}
