import GatewayCore
import NIOCore
import NIOHTTP1

/// What the handler remembers of the request that it carries.
final class CurrentRequest {
    let checked: CheckedRequest
    let isHTTP10: Bool
    let head: RequestHead
    let started: NIODeadline
    /// The same instant, as admission counts time.
    let moment: Moment
    var receipt: Receipt
    var plan: Plan?
    /// The request's token, once it was verified.
    var token: VerifiedToken?
    /// What its body says, where it was refused after that was read.
    var refusedFields: BodyFields?
    /// Somebody beside the event loop is asked about the request; until the answer comes it only waits.
    var isAsking = false
    /// Its body goes to the built-in issuer.
    var isForIssuer = false
    /// The limits as they were when they refused the request.
    var exceeded: LimitReport?
    /// The body's bytes that are still needed: to find the model, to wait for a connection, or to send again.
    var kept: ByteBuffer?
    /// Whether `kept` is all of the body that came so far.
    var canReplay = true
    var trailers: HTTPHeaders?
    var holdLimit = 0
    var mustSendContinue: Bool
    var relay: ResponseRelay?
    var attempts = 0
    /// The instances that could not take it, in order.
    var tried: [Instance] = []
    /// Workers that have died while they answered it.
    var deaths = 0
    /// When the attempt that runs began.
    var attemptStarted = NIODeadline.uptimeNanoseconds(0)
    /// When its caller's time is over, where it waits for a place after an instance was lost.
    var deadline: NIODeadline?
    /// Its trace, where the gateway tells of any.
    var trace: RequestTrace?
    /// Its place in a queue, while no instance has room for it.
    var waiter: QueuePlace? {
        didSet { trace?.waits(at: waiter == nil ? nil : plan?.deployment.name) }
    }
    /// How much of the body is kept to be sent again.
    var replayBound = Limits.replayableBody
    /// The body's length as the upstream is told.
    var upstreamBody = BodyLength.none
    /// Keeps what passes, where a capture may be made of it.
    var tap: CaptureTap?
    /// There was no room for one when it began: a capture that would be made of it is only counted, as dropped.
    var lacksCaptureRoom = false
    /// From 0 to 1: it is one of a sample whose rate is higher.
    var captureDraw = 0.0
    /// The copies that get its body too.
    var mirrors: [MirrorCall] = []
    var awaitedMirrors: AwaitedMirrors?
    var isMirrored = false
    /// Of the first of its copies that is kept: then it is kept too, by this rule where its deployment has none.
    var pairRule: CaptureRule?

    init(checked: CheckedRequest, isHTTP10: Bool, receipt: Receipt, started: NIODeadline, client: ClientFacts) {
        self.checked = checked
        self.isHTTP10 = isHTTP10
        self.started = started
        self.receipt = receipt
        moment = Moment(uptime: Int64(clamping: started.uptimeNanoseconds), wall: receipt.startedAt / 1_000_000)
        mustSendContinue = checked.expectsContinue
        head = RequestHead(
            method: checked.method.rawValue,
            path: checked.path,
            query: checked.query,
            host: checked.host,
            credential: Credential(checked.credentials),
            pinnedDeployment: checked.pinnedDeployment,
            contentType: checked.contentType,
            contentLength: checked.body.length,
            address: client.ipAddress,
            tenant: checked.tenant,
            origin: checked.origin,
            preflight: checked.preflight
        )
    }

    /// What the response headers say of the limits.
    var limits: LimitSource? { exceeded.map { .report($0) } ?? plan?.permit.map { .permit($0) } }

    var isLimited: Bool { exceeded != nil || plan?.permit != nil }

    /// All of the body that has come, as a plan's upstream gets it, and the length that it is told.
    func body(for plan: Plan) -> (bytes: ByteBuffer?, length: BodyLength) {
        guard let fields = plan.fields, let kept else { return (kept, checked.body) }
        let edited = fields.edited(kept, for: plan)
        guard case .length(let count) = checked.body else { return (edited.body, checked.body) }
        return (edited.body, .length(count + edited.growth))
    }

    var keptBytes: Int { kept?.readableBytes ?? 0 }

    func keep(_ bytes: ByteBuffer) {
        guard var all = kept, all.readableBytes > 0 else {
            kept = bytes
            return
        }
        kept = nil
        all.writeImmutableBuffer(bytes)
        kept = all
    }

    /// Keeps bytes that were sent for another attempt, as long as they are few.
    func keepForReplay(_ bytes: ByteBuffer) {
        guard canReplay else { return }
        if keptBytes + bytes.readableBytes > replayBound {
            canReplay = false
            kept = nil
        } else {
            keep(bytes)
        }
    }
}

extension BodyLength {
    fileprivate var length: Int? {
        switch self {
        case .none: 0
        case .length(let count): count
        case .chunked: nil
        }
    }
}

extension Credential {
    fileprivate init(_ credentials: RequestCredentials) {
        if credentials.hasConflict {
            self = .conflicting
        } else if let bearer = credentials.bearer {
            self = .bearer(bearer)
        } else if let key = credentials.apiKey {
            self = .key(key)
        } else {
            self = credentials.authorization == nil ? .none : .key("")
        }
    }
}
