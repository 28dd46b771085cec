import GatewayCore

/// One piece of work, what it may cost, and its name.
struct Entry {
    let name: String
    /// Per round; measured, and then half an allocation of room.
    let allocations: Double
    /// Per round; several times what was measured, so that only a change of kind fails.
    let nanoseconds: Double
    let work: () -> Void

    func allows(_ result: Measurement) -> Bool {
        result.allocations <= allocations && result.nanoseconds <= nanoseconds
    }

    static func all() throws -> [Entry] {
        let fixture = try Fixture()
        return [
            Entry(name: "admit by path", allocations: 2.5, nanoseconds: 4_000, work: try fixture.admitByPath()),
            Entry(name: "admit by model", allocations: 2.5, nanoseconds: 4_000, work: try fixture.admitByModel()),
            Entry(name: "edit a body", allocations: 10.5, nanoseconds: 15_000, work: fixture.editBody()),
            Entry(name: "read an event", allocations: 0.5, nanoseconds: 1_000, work: fixture.readEvent()),
            Entry(name: "read an answer", allocations: 4.5, nanoseconds: 10_000, work: fixture.readAnswer()),
        ]
    }
}
