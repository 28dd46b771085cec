#if Llama
    import CLlama

    /// The memory of the requests that are being answered: one sequence per slot.
    ///
    /// Used from one thread only.
    ///
    /// Safe because the pointer is private to the module's thread and dies with its one owner.
    @safe
    final class Context {
        let pointer: OpaquePointer
        /// The context borrows the model: it must not go first.
        private let model: Model
        private let slots: Int

        init(_ model: Model, slots: Int, tokens: Int, step: Int, threads: Int) throws(EngineFailure) {
            let shape = ContextShape(sequences: slots, tokens: tokens, step: step, threads: threads)
            unsafe pointer = try shape.make(model)
            self.model = model
            self.slots = slots
        }

        /// Refuses a context that the machine's memory does not hold, before it is made: a start that takes the last of it
        /// ends the process, or another one.
        static func admit(_ model: Model, slots: Int, tokens: Int, free: Int?) throws(EngineFailure) {
            // An encoder's output is a row of logits for each token, beside what is of use.
            let rows = model.kind == .encoderDecoder ? tokens * model.vocabularySize * 4 : 0
            let needed = (model.cacheSize(tokens: tokens) + rows).multipliedReportingOverflow(by: slots)
            guard let free, needed.overflow || needed.partialValue > free else { return }
            let bytes = needed.overflow ? .max : needed.partialValue
            throw .noMemory(needed: bytes, free: free, slots: slots, context: tokens)
        }

        deinit { unsafe llama_free(pointer) }

        func decode(_ batch: borrowing Batch) throws(EngineFailure) {
            let code = unsafe llama_decode(pointer, batch.raw)
            guard code == 0 else { throw .decodeFailed(code: Int(code)) }
            // A GPU may be at it still: how long a step takes is to be known.
            unsafe llama_synchronize(pointer)
        }

        /// Reads a text for all that is decoded from now on, until the next is read.
        func encode(_ batch: borrowing Batch) throws(EngineFailure) {
            let code = unsafe llama_encode(pointer, batch.raw)
            guard code == 0 else { throw .decodeFailed(code: Int(code)) }
            unsafe llama_synchronize(pointer)
        }

        /// Keeps a slot's first tokens only.
        ///
        /// - Returns: false where the model's memory cannot be shortened so; then the slot is empty.
        func keep(_ count: Int, slot: Int) -> Bool {
            let (memory, sequence) = unsafe (llama_get_memory(pointer), Int32(slot))
            if count > 0, unsafe llama_memory_seq_rm(memory, sequence, Int32(clamping: count), -1),
                // A sliding window may have lost what is before it.
                unsafe llama_memory_seq_pos_min(memory, sequence) == 0,
                unsafe llama_memory_seq_pos_max(memory, sequence) == Int32(clamping: count - 1)
            {
                return true
            }
            forget(slot: slot)
            return false
        }

        /// Makes a slot's memory that of another.
        func copy(from source: Int, to slot: Int) {
            forget(slot: slot)
            // Only whole sequences can be copied between slots that do not share their memory.
            unsafe llama_memory_seq_cp(llama_get_memory(pointer), Int32(source), Int32(slot), -1, -1)
        }

        /// Tokens that the engine holds, by its own account.
        var cellsUsed: Int {
            (0..<Int32(slots)).reduce(0) { sum, sequence in
                let memory = unsafe llama_get_memory(pointer)
                let last = unsafe llama_memory_seq_pos_max(memory, sequence)
                return last < 0 ? sum : sum + Int(last - (unsafe llama_memory_seq_pos_min(memory, sequence))) + 1
            }
        }

        /// Forgets one slot's tokens.
        func forget(slot: Int) {
            _ = unsafe llama_memory_seq_rm(llama_get_memory(pointer), Int32(slot), -1, -1)
        }

        func forgetAll() {
            unsafe llama_memory_clear(llama_get_memory(pointer), true)
        }
    }

    /// The tokens of one step, in the form that the engine takes; made once and filled again for every step.
    ///
    /// Safe because its arrays are private, written within their capacity only, and freed once.
    @safe
    struct Batch: ~Copyable {
        private(set) var raw: llama_batch
        private let capacity: Int

        init(capacity: Int) {
            self.capacity = capacity
            unsafe raw = llama_batch_init(Int32(clamping: capacity), 0, 1)
        }

        deinit { unsafe llama_batch_free(raw) }

        mutating func fill(_ entries: [Schedule.Entry]) {
            precondition(entries.count <= capacity, "the schedule's budget is the batch's capacity")
            for (index, entry) in entries.enumerated() {
                unsafe raw.token[index] = entry.token
                unsafe raw.pos[index] = Int32(clamping: entry.position)
                unsafe raw.n_seq_id[index] = 1
                unsafe raw.seq_id[index]?[0] = Int32(clamping: entry.slot)
                unsafe raw.logits[index] = entry.wantsOutput ? 1 : 0
            }
            unsafe raw.n_tokens = Int32(clamping: entries.count)
        }
    }
#endif
