import Synchronization

/// Lets those who ask the same at the same time share one answer.
final class SingleFlight<Value: Sendable>: Sendable {
    private struct Flight {
        let generation: Int
        let task: Task<Value, Never>
    }

    private let flights = Mutex<[String: Flight]>([:])

    /// - Parameters:
    ///   - generation: a question of another generation gets an answer of its own: what is true may have changed between.
    ///   - ask: not cancelled when the caller is; others wait for it.
    func value(of question: String, generation: Int, _ ask: @escaping @Sendable () async -> Value) async -> Value {
        let flight = flights.withLock { flights in
            if let flight = flights[question], flight.generation == generation { return flight }
            let flight = Flight(
                generation: generation,
                task: Task { [self] in
                    let value = await ask()
                    land(question, generation)
                    return value
                }
            )
            flights[question] = flight
            return flight
        }
        return await flight.task.value
    }

    private func land(_ question: String, _ generation: Int) {
        flights.withLock { flights in
            if flights[question]?.generation == generation { flights[question] = nil }
        }
    }
}
