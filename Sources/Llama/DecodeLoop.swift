#if Llama
    import GatewayAPI

    /// Continuous batching: takes requests in, computes one step for all that have a slot, hands out what came of it.
    ///
    /// Decides nothing itself about what a step computes: `Schedule` does.
    struct DecodeLoop: ~Copyable {
        /// A request that has a slot.
        private struct Run {
            let ticket: Ticket
            let promptTokens: Int
            /// Of those, the ones that were there already.
            let cachedTokens: Int
            let sampler: Sampler
            let deliver: @Sendable (WorkEvent) -> Void
            var text: TextAssembler
            var logprobs: LogprobQueue?
            var generated = 0
        }

        /// A request in the queue: what it will need once it has a slot.
        private struct Waiting {
            let work: Work
            /// What an encoder reads for it.
            let source: [Int32]
        }

        let card: ModelCard
        private let inbox: Inbox
        private let reader: PromptReader
        private let model: Model
        private var contexts: ContextSet
        private var schedule: Schedule
        private var runs: [Run?]
        private var waiting: [Ticket: Waiting] = [:]
        private var isStopped = false
        /// What came of the step, until all of it is known.
        private var outbox: [(deliver: @Sendable (WorkEvent) -> Void, event: WorkEvent)] = []

        init(_ model: Model, devices: [String], _ options: EngineOptions, _ inbox: Inbox) throws(EngineFailure) {
            let budget = Schedule.Budget.fitting(devices: devices)
            let tokens = options.context ?? min(model.trainedContext, EngineOptions.defaultContextLimit)
            let reader = PromptReader(model: model, template: try ChatTemplate.find(in: model), context: tokens)
            try Self.admit(model, options.slots, tokens, options)
            contexts = try ContextSet(
                model,
                slots: options.slots,
                tokens: tokens,
                step: budget.step,
                threads: options.threads
            )
            card = ModelCard(
                kind: model.kind,
                canChat: reader.canChat,
                context: tokens,
                slots: options.slots,
                threads: options.threads,
                devices: devices
            )
            self.model = model
            self.reader = reader
            self.inbox = inbox
            schedule = Schedule(
                slots: options.slots,
                budget: budget,
                queueLimit: options.queue,
                copying: model.copying(context: tokens),
                grain: min(budget.step, Schedule.Budget().step),
                seatsPerStep: model.kind == .encoderDecoder ? 1 : options.slots,
                fillable: model.canForgetLast ? tokens : nil
            )
            runs = Array(repeating: nil, count: options.slots)
            inbox.count { counters in
                counters.slots = options.slots
                counters.cells = options.slots * tokens
            }
        }

        /// On a GPU the memory is its own: what the machine has free says nothing about it.
        private static func admit(
            _ model: Model,
            _ slots: Int,
            _ tokens: Int,
            _ options: EngineOptions
        ) throws(EngineFailure) {
            let isOnGPU = options.gpuLayers != 0 && Runtime.hasGPU
            try Context.admit(model, slots: slots, tokens: tokens, free: isOnGPU ? nil : FreeMemory.read())
        }

        mutating func run() {
            while !isStopped {
                for message in inbox.take(waiting: schedule.isIdle) { inbox.watch.reads { receive(message) } }
                for job in schedule.removeOverdue(at: .now) { refuse(job, .overdue) }
                for (place, job) in schedule.seatWaiting() { seat(job, at: place) }
                for job in schedule.removeOverflow() { refuse(job, inbox.busy) }
                count()
                step()
                count()
            }
        }

        private func count() {
            let (active, kept, used) = (schedule.active, schedule.keptTokens, contexts.cellsUsed)
            inbox.count { counters in
                counters.active = active
                counters.cellsUsed = used
                counters.cellsKept = kept
            }
        }

        private mutating func receive(_ message: Inbox.Message) {
            switch message {
            case .submit(let ticket, let work): enqueue(ticket, work)
            case .cancel(let ticket): cancel(ticket)
            case .stop: stop()
            }
        }

        private mutating func enqueue(_ ticket: Ticket, _ work: Work) {
            do throws(EngineFailure) {
                let read = try reader.read(work.prompt)
                // An encoder reads the text, and the decoder begins with a mark.
                let prompt = model.kind == .encoderDecoder ? [model.startToken] : read
                let limit = min(work.parameters.maxTokens ?? .max, card.context - prompt.count)
                schedule.enqueue(Schedule.Job(ticket: ticket, prompt: prompt, limit: limit, terms: work.terms))
                waiting[ticket] = Waiting(work: work, source: model.kind == .encoderDecoder ? read : [])
            } catch {
                inbox.ended(work.terms)
                work.deliver(.failed(error))
            }
        }

        private mutating func cancel(_ ticket: Ticket) {
            if let slot = schedule.withdraw(ticket) {
                end(slot)
            } else if let work = waiting.removeValue(forKey: ticket)?.work {
                inbox.ended(work.terms)
            }
        }

        /// One that waited in vain.
        private mutating func refuse(_ job: Schedule.Job, _ failure: EngineFailure) {
            guard let work = waiting.removeValue(forKey: job.ticket)?.work else { return }
            inbox.ended(work.terms)
            if failure == .overdue { inbox.count { $0.overdue += 1 } }
            work.deliver(.failed(failure))
        }

        private mutating func seat(_ job: Schedule.Job, at place: PrefixCache.Place) {
            let slot = place.slot
            let cached = prepare(place)
            guard let (work, source) = waiting.removeValue(forKey: job.ticket).map({ ($0.work, $0.source) }) else {
                return end(slot)
            }
            let promptTokens = source.isEmpty ? job.prompt.count : source.count
            do throws(EngineFailure) {
                try encode(source, slot: slot)
                runs[slot] = Run(
                    ticket: job.ticket,
                    promptTokens: promptTokens,
                    cachedTokens: cached,
                    sampler: try Sampler(work.parameters, model, work.grammar, prompt: job.prompt),
                    deliver: work.deliver,
                    text: TextAssembler(stops: work.parameters.stop),
                    logprobs: work.parameters.logprobs.map(LogprobQueue.init)
                )
                inbox.count { counters in
                    counters.promptTokens += promptTokens
                    counters.prefixTokens += cached
                    counters.prefixHits += cached > 0 ? 1 : 0
                }
                work.deliver(.started)
            } catch {
                end(slot)
                work.deliver(.failed(error))
            }
        }

        /// A text is read whole and at once: nobody gets a token while it is, so the schedule seats one between two steps.
        private mutating func encode(_ source: [Int32], slot: Int) throws(EngineFailure) {
            guard !source.isEmpty else { return }
            inbox.watch.begins(source.count)
            defer { inbox.watch.ended() }
            try contexts.encode(source, slot: slot)
            schedule.charge(source.count, slot: slot)
            inbox.count { $0.steps += 1 }
        }

        /// Brings a slot's memory to what its request begins with; says how many tokens that are.
        private mutating func prepare(_ place: PrefixCache.Place) -> Int {
            if let source = place.source { contexts.copy(from: source, to: place.slot) }
            if contexts.keep(place.count, slot: place.slot) { return place.count }
            schedule.recompute(slot: place.slot)
            return 0
        }

        private mutating func step() {
            let entries = schedule.plan()
            guard !entries.isEmpty else { return }
            inbox.watch.begins(entries.count)
            defer { inbox.watch.ended() }
            let began = ContinuousClock.now
            let failures = contexts.decode(entries)
            end(failures)
            if failures.isEmpty { forgetFillers() }
            var chosen = 0
            for (position, entry) in entries.enumerated() where entry.wantsOutput && failures[entry.slot] == nil {
                choose(entry.slot, contexts.output(of: entry, at: position))
                chosen += 1
            }
            if failures.isEmpty { schedule.took(began.duration(to: .now)) }
            // All at once: who waits for them wakes once, and not beside those who compute.
            for (deliver, event) in outbox { deliver(event) }
            outbox.removeAll(keepingCapacity: true)
            inbox.count { counters in
                counters.steps += 1
                counters.completionTokens += chosen
            }
        }

        private mutating func forgetFillers() {
            for slot in schedule.fillers where !contexts.keep(schedule.kept(slot: slot), slot: slot) {
                schedule.forget(slot: slot)
            }
        }

        private mutating func choose(_ slot: Int, _ output: ContextSet.Output) {
            guard var run = runs[slot] else { return }
            let token: Int32
            let piece: [UInt8]
            do throws(EngineFailure) {
                token = try run.sampler.choose(output.context, at: output.position)
                piece = model.isEnd(token) ? [] : model.piece(of: token, isFirst: run.generated == 0)
                try run.logprobs?.add(token, piece, run.sampler, output)
            } catch {
                end(slot)
                return outbox.append((run.deliver, .failed(error)))
            }
            let (generated, mayContinue) = schedule.chose(token, slot: slot)
            run.generated = generated
            let isEnd = model.isEnd(token)
            var text = isEnd ? "" : run.text.append(piece)
            let isFinished = isEnd || run.text.hasStopped || !mayContinue
            if isFinished { text += run.text.finish() }
            if let logprobs = run.logprobs?.take(upTo: run.text.emitted), !logprobs.isEmpty {
                outbox.append((run.deliver, .logprobs(logprobs)))
            }
            runs[slot] = run
            if !text.isEmpty { outbox.append((run.deliver, .text(text))) }
            guard isFinished else { return }
            let usage = Usage(
                promptTokens: run.promptTokens,
                completionTokens: generated,
                cachedTokens: run.cachedTokens
            )
            end(slot)
            outbox.append((run.deliver, .finished(isEnd || run.text.hasStopped ? .stop : .length, usage)))
        }

        private mutating func end(_ slot: Int) {
            if let terms = schedule.terms(of: slot) { inbox.ended(terms) }
            if !schedule.vacate(slot) { contexts.forget(slot: slot) }
            runs[slot] = nil
        }

        /// Of slots whose memory is lost: their requests fail, those that wait do not.
        private mutating func end(_ failures: [Int: EngineFailure]) {
            for (slot, failure) in failures {
                let run = runs[slot]
                end(slot)
                schedule.forget(slot: slot)
                run?.deliver(.failed(failure))
            }
        }

        private mutating func stop() {
            isStopped = true
            end(Dictionary(uniqueKeysWithValues: runs.indices.map { ($0, .stopping) }))
            for (ticket, work) in waiting.mapValues(\.work) {
                _ = schedule.withdraw(ticket)
                inbox.ended(work.terms)
                work.deliver(.failed(.stopping))
            }
            waiting = [:]
        }
    }
#endif
