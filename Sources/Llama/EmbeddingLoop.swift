#if Llama
    import GatewayAPI

    /// Takes embedding requests in, computes vectors of as many texts as a step holds, whosever they are, and hands a
    /// request's out when it has all.
    ///
    /// Decides nothing itself about whose turn it is: `EmbeddingSchedule` does.
    struct EmbeddingLoop: ~Copyable {
        /// What a step takes: more make it no faster, and a cancel waits for it.
        private static let step = 512
        private static let texts = 64
        /// Bytes of texts that are turned into tokens between two steps: some milliseconds.
        private static let readBytes = 1 << 16

        private struct Request {
            let work: Work
            let inputs: [EmbeddingInput]
            /// The tokens of its first inputs: of all, before any of them is computed.
            var read: [[Int32]] = []
            var vectors: [[Float]]
            var left: Int
        }

        /// A text that is in the step.
        private struct Part {
            let place: EmbeddingSchedule.Place
            let tokens: [Int32]
        }

        let card: ModelCard
        private let inbox: Inbox
        private let reader: InputReader
        private let context: EmbeddingContext
        private var batch: Batch
        private var schedule: EmbeddingSchedule
        private var requests: [Ticket: Request] = [:]
        private var isStopped = false

        init(_ model: Model, devices: [String], _ options: EngineOptions, _ inbox: Inbox) throws(EngineFailure) {
            let most = min(
                options.context ?? EngineOptions.defaultContextLimit,
                model.trainedContext
            )
            let tokens = max(Self.step, most)
            context = try EmbeddingContext(model, tokens: tokens, texts: Self.texts, threads: options.threads)
            batch = Batch(capacity: tokens)
            reader = InputReader(model: model, most: most)
            schedule = EmbeddingSchedule(slots: options.slots, queueLimit: options.queue)
            card = ModelCard(
                kind: .embedding,
                canChat: false,
                context: most,
                slots: options.slots,
                threads: options.threads,
                devices: devices,
                vectorSize: model.vectorSize
            )
            self.inbox = inbox
            inbox.count { $0.slots = options.slots }
        }

        mutating func run() {
            while !isStopped {
                for message in inbox.take(waiting: schedule.isIdle) { inbox.watch.reads { receive(message) } }
                for ticket in schedule.removeOverdue(at: .now) {
                    inbox.count { $0.overdue += 1 }
                    fail(ticket, .overdue)
                }
                _ = schedule.seatWaiting()
                for ticket in schedule.removeOverflow() { fail(ticket, inbox.busy) }
                inbox.watch.reads { readAhead() }
                count()
                step()
                count()
            }
        }

        private func count() {
            let active = schedule.active
            inbox.count { $0.active = active }
        }

        private mutating func receive(_ message: Inbox.Message) {
            switch message {
            case .submit(let ticket, let work): enqueue(ticket, work)
            case .cancel(let ticket): _ = end(ticket)
            case .stop:
                isStopped = true
                for ticket in requests.keys { fail(ticket, .stopping) }
            }
        }

        private mutating func enqueue(_ ticket: Ticket, _ work: Work) {
            do throws(EngineFailure) {
                guard case .inputs(let inputs) = work.prompt else { throw .wrongKind(.embedding) }
                guard !inputs.isEmpty else { throw .emptyInput(place: nil) }
                try reader.check(inputs)
                let empty = Array(repeating: [Float](), count: inputs.count)
                requests[ticket] = Request(work: work, inputs: inputs, vectors: empty, left: inputs.count)
                schedule.enqueue(Schedule.Job(ticket: ticket, prompt: [], limit: inputs.count, terms: work.terms))
            } catch {
                inbox.ended(work.terms)
                work.deliver(.failed(error))
            }
        }

        /// A request is over, however it ended.
        private mutating func end(_ ticket: Ticket) -> Request? {
            schedule.remove(ticket)
            guard let request = requests.removeValue(forKey: ticket) else { return nil }
            inbox.ended(request.work.terms)
            return request
        }

        private mutating func fail(_ ticket: Ticket, _ failure: EngineFailure) {
            end(ticket)?.work.deliver(.failed(failure))
        }

        private mutating func step() {
            let parts = gather()
            guard !parts.isEmpty else { return }
            inbox.watch.begins(parts.reduce(0) { $0 + $1.tokens.count })
            defer { inbox.watch.ended() }
            do throws(EngineFailure) {
                let vectors = try context.embed(parts.map(\.tokens), &batch)
                inbox.count { counters in
                    counters.steps += 1
                    counters.promptTokens += parts.reduce(0) { $0 + $1.tokens.count }
                }
                for (part, vector) in zip(parts, vectors) { receive(vector, of: part) }
            } catch {
                for part in parts { fail(part.place.ticket, error) }
            }
        }

        /// Reads texts of those that have a slot and were not read whole, some of each: one that is too long is found before
        /// anything was computed for its request, and whoever sends megabytes keeps nobody waiting.
        private mutating func readAhead() {
            let unread = schedule.unchecked
            for ticket in unread {
                do throws(EngineFailure) {
                    try read(ticket, bytes: Self.readBytes / unread.count)
                } catch {
                    fail(ticket, error)
                }
            }
        }

        private mutating func read(_ ticket: Ticket, bytes: Int) throws(EngineFailure) {
            guard let inputs = requests[ticket]?.inputs, var index = requests[ticket]?.read.count else { return }
            var left = bytes
            while left > 0, index < inputs.count {
                requests[ticket]?.read.append(try reader.read(index, of: inputs))
                left -= inputs[index].size
                index += 1
            }
            guard index == inputs.count else { return }
            schedule.checked(ticket)
            requests[ticket]?.work.deliver(.started)
        }

        /// Texts for one step: as many as there is room for, and one in any case.
        private mutating func gather() -> [Part] {
            var parts: [Part] = []
            var room = Self.step
            while parts.count < Self.texts, let place = schedule.next,
                let tokens = requests[place.ticket]?.read[place.index], parts.isEmpty || tokens.count <= room
            {
                schedule.take(tokens: tokens.count)
                room -= tokens.count
                parts.append(Part(place: place, tokens: tokens))
            }
            return parts
        }

        private mutating func receive(_ vector: [Float], of part: Part) {
            let ticket = part.place.ticket
            requests[ticket]?.vectors[part.place.index] = vector
            requests[ticket]?.left -= 1
            guard requests[ticket]?.left == 0, let request = end(ticket) else { return }
            let usage = Usage(promptTokens: request.read.reduce(0) { $0 + $1.count }, completionTokens: 0)
            request.work.deliver(.vectors(request.vectors, usage))
        }
    }

    extension EmbeddingInput {
        /// In bytes or, of tokens, in those.
        fileprivate var size: Int {
            switch self {
            case .text(let text): text.utf8.count
            case .tokens(let tokens): tokens.count
            }
        }
    }
#endif
