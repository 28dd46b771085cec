import Foundation
import GatewayAPI
import Llama
import Logging
import NIOCore
import NIOHTTP1

/// Reads one connection's requests one after the other, and writes what comes back: from the engine for the model's
/// routes, at once for all others.
///
/// A connection that closes cancels what it asked for.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case receiving(HTTPRequestHead, ByteBuffer)
        case answering(Exchange)
        /// The last answer is written; whatever still comes is dropped.
        case closing
    }

    private let station: Station
    private var state = State.idle
    private var exchanges = 0

    init(_ station: Station) {
        self.station = station
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, context)
        case .body(let bytes): receive(bytes, context)
        case .end: answer(context)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) { station.connected() }

    func handlerRemoved(context: ChannelHandlerContext) { station.disconnected() }

    func channelInactive(context: ChannelHandlerContext) {
        if case .answering(let exchange) = state { exchange.cancel() }
        state = .closing
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        station.log.debug("connection failed", metadata: ["reason": "\(error)"])
        context.close(promise: nil)
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > Limits.body {
            return refuse(.tooLarge, head, context, closing: true)
        }
        state = .receiving(head, ByteBuffer())
        if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
            context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
        }
    }

    private func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard case .receiving(let head, var body) = state else { return }
        guard body.readableBytes + bytes.readableBytes <= Limits.body else {
            return refuse(.tooLarge, head, context, closing: true)
        }
        // Given up first: with two owners every append would copy the whole body.
        state = .idle
        body.writeImmutableBuffer(bytes)
        state = .receiving(head, body)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard case .receiving(let head, let body) = state else { return }
        do throws(Refusal) {
            switch Route.match(head.method, head.uri) {
            case .chat: try ask(Inquiry(chat: body, try engine().card), head, context)
            case .completion: try ask(Inquiry(completion: body, try engine().card), head, context)
            case .embeddings: try ask(Inquiry(embeddings: body, try engine().card), head, context)
            case .scoring: try ask(Inquiry(scoring: body, try engine().card), head, context)
            case .models: reply(ModelList([entry]), head, context)
            case .model(let name):
                guard name == station.name else { throw .unknownModel(name) }
                reply(entry, head, context)
            // A probe's connection is not kept: the next probe may find another server here.
            case .health: reply(Health(station.readiness), closing(head), context)
            case .counters: reply(try engine().counters, head, context)
            case .unknown: throw .unknownPath(head.uri)
            case .wrongMethod(let allowed): throw .wrongMethod(allowed: allowed)
            }
        } catch {
            refuse(error, head, context)
        }
    }

    private func ask(_ inquiry: Inquiry, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) throws(Refusal) {
        let engine = try engine()
        let terms = try WorkTerms(head.headers, at: .now)
        exchanges += 1
        let exchange = Exchange(inquiry, terms, head, engine, station)
        try submit(exchange, context)
        state = .answering(exchange)
    }

    /// Asks the engine what the exchange has to ask next.
    private func submit(_ exchange: Exchange, _ context: ChannelHandlerContext) throws(Refusal) {
        let number = exchanges
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        try exchange.ask { event in
            loop.execute { bound.value.handler.receive(event, of: number, bound.value.context) }
        }
    }

    private func receive(_ event: WorkEvent, of number: Int, _ context: ChannelHandlerContext) {
        // What was on its way when the client left, or belongs to an earlier request, is for nobody.
        guard case .answering(let exchange) = state, number == exchanges else { return }
        perform(exchange.receive(event), of: exchange, context)
    }

    private func perform(_ action: Exchange.Action, of exchange: Exchange, _ context: ChannelHandlerContext) {
        switch action {
        case .nothing: break
        case .ask:
            do throws(Refusal) {
                try submit(exchange, context)
            } catch {
                perform(exchange.refuse(error), of: exchange, context)
            }
        case .begin(let bytes):
            writeHead(.ok, exchange.headers, exchange.head, context)
            write(bytes, context)
        case .send(let bytes):
            write(bytes, context)
        case .end(let bytes):
            write(bytes, context)
            finish(exchange.head, context)
        case .reply(let status, let headers, let bytes):
            respond(status, headers, bytes, exchange.head, context)
        case .cut(let bytes):
            write(bytes, context)
            // Without the last chunk: the client sees a broken answer, not a short one.
            state = .closing
            context.close(promise: nil)
        }
    }

    private func engine() throws(Refusal) -> Engine {
        switch station.readiness {
        case .ready(let engine), .stopping(.some(let engine)): return engine
        case .loading: throw .loading
        case .stopping(nil): throw Refusal(EngineFailure.stopping)
        }
    }

    /// Once the model is loaded.
    private var kind: ModelKind? {
        switch station.readiness {
        case .loading: nil
        case .ready(let engine): engine.card.kind
        case .stopping(let engine): engine?.card.kind
        }
    }

    private var entry: ModelList.Entry {
        ModelList.Entry(id: station.name, created: station.started, ownedBy: "gatehouse", kind: kind?.rawValue)
    }
}

extension ConnectionHandler {
    private func refuse(
        _ refusal: Refusal,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext,
        closing isClosing: Bool = false
    ) {
        let bytes = (try? JSONEncoder().encode(refusal.body)) ?? Data()
        respond(refusal.status, refusal.headers, Array(bytes), isClosing ? closing(head) : head, context)
    }

    /// The head of a request after whose answer the connection ends.
    private func closing(_ head: HTTPRequestHead) -> HTTPRequestHead {
        var head = head
        head.headers.replaceOrAdd(name: "connection", value: "close")
        return head
    }

    private func reply(_ value: some Encodable, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = (try? encoder.encode(value)) ?? Data()
        let status = (value as? Health)?.status ?? .ok
        respond(status, [:], Array(bytes), head, context)
    }

    private func respond(
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ bytes: [UInt8],
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        var headers = headers
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "content-length", value: "\(bytes.count)")
        writeHead(status, headers, head, context)
        if head.method != .HEAD { write(bytes, context, flushing: false) }
        finish(head, context)
    }

    private func writeHead(
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        var headers = headers
        if !keepsOpen(head) { headers.add(name: "connection", value: "close") }
        let response = HTTPResponseHead(version: head.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext, flushing: Bool = true) {
        if !bytes.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        if flushing { context.flush() }
    }

    private func finish(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let keepsOpen = keepsOpen(head)
        state = keepsOpen ? .idle : .closing
        let promise = keepsOpen ? nil : context.eventLoop.makePromise(of: Void.self)
        if let promise { closeGently(context.channel, after: promise.futureResult) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    /// Says first that nothing more comes: a client that is still sending its body could not read the answer otherwise.
    private func closeGently(_ channel: any Channel, after written: EventLoopFuture<Void>) {
        written.whenComplete { _ in
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        }
    }

    private func keepsOpen(_ head: HTTPRequestHead) -> Bool {
        guard head.isKeepAlive, head.version == .http1_1 else { return false }
        if case .stopping = station.readiness { return false }
        return true
    }
}
