#if Llama
    /// The contexts of all slots: one that they share or, where an encoder's output belongs to a context and is replaced by
    /// the next, one for each.
    ///
    /// Requests with a context of their own are computed one after the other: each is answered as if it were alone.
    struct ContextSet: ~Copyable {
        /// Where a token's logits are.
        struct Output {
            let context: Context
            let position: Int
        }

        private let contexts: [Context]
        private let isShared: Bool
        private let slots: Int
        private var batch: Batch

        /// - Parameters:
        ///   - tokens: of one request.
        ///   - step: tokens of one step; of an encoder a whole text, which cannot be read in parts.
        init(_ model: Model, slots: Int, tokens: Int, step: Int, threads: Int) throws(EngineFailure) {
            isShared = model.kind != .encoderDecoder
            self.slots = slots
            let step = isShared ? step : tokens
            var contexts: [Context] = []
            for _ in 0..<(isShared ? 1 : slots) {
                let own = isShared ? slots : 1
                contexts.append(try Context(model, slots: own, tokens: tokens, step: step, threads: threads))
            }
            self.contexts = contexts
            batch = Batch(capacity: step)
        }

        /// Reads a text for the slot's next answer, in place of what was read for the one before.
        mutating func encode(_ tokens: [Int32], slot: Int) throws(EngineFailure) {
            batch.fill(
                tokens.enumerated().map { Schedule.Entry(slot: 0, token: $1, position: $0, wantsOutput: true) }
            )
            try contexts[slot].encode(batch)
        }

        /// Computes a step.
        ///
        /// What a context held that failed is in an unknown state, and is forgotten.
        ///
        /// - Returns: the slots whose context failed, and why.
        mutating func decode(_ entries: [Schedule.Entry]) -> [Int: EngineFailure] {
            var failures: [Int: EngineFailure] = [:]
            for (index, context) in contexts.enumerated() {
                let own = isShared ? entries : entries.filter { $0.slot == index }.map { $0.moved(to: 0) }
                guard !own.isEmpty else { continue }
                batch.fill(own)
                do throws(EngineFailure) {
                    try context.decode(batch)
                } catch {
                    context.forgetAll()
                    for slot in isShared ? 0..<slots : index..<index + 1 { failures[slot] = error }
                }
            }
            return failures
        }

        /// - Parameter position: of the entry among those that were decoded last.
        func output(of entry: Schedule.Entry, at position: Int) -> Output {
            // A slot with a context of its own wants the last token's only.
            Output(context: context(entry.slot), position: isShared ? position : -1)
        }

        func keep(_ count: Int, slot: Int) -> Bool { context(slot).keep(count, slot: place(slot)) }

        /// Makes a slot's memory that of another; only where they share a context.
        func copy(from source: Int, to slot: Int) {
            precondition(isShared, "slots with contexts of their own keep nothing that could be copied")
            contexts[0].copy(from: source, to: slot)
        }

        func forget(slot: Int) { context(slot).forget(slot: place(slot)) }

        var cellsUsed: Int { contexts.reduce(0) { $0 + $1.cellsUsed } }

        private func context(_ slot: Int) -> Context { isShared ? contexts[0] : contexts[slot] }

        private func place(_ slot: Int) -> Int { isShared ? slot : 0 }
    }

    extension Schedule.Entry {
        fileprivate func moved(to slot: Int) -> Self {
            Self(slot: slot, token: token, position: position, wantsOutput: wantsOutput)
        }
    }
#endif
