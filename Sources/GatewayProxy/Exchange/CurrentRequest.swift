import GatewayCore
import NIOCore
import NIOHTTP1

/// What the handler remembers of the request that it carries.
final class CurrentRequest {
    let checked: CheckedRequest
    let isHTTP10: Bool
    let head: RequestHead
    let started: NIODeadline
    var receipt: Receipt
    var plan: Plan?
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
    /// The body's length as the upstream is told.
    var upstreamBody = BodyLength.none

    init(checked: CheckedRequest, isHTTP10: Bool, receipt: Receipt, started: NIODeadline) {
        self.checked = checked
        self.isHTTP10 = isHTTP10
        self.started = started
        self.receipt = receipt
        mustSendContinue = checked.expectsContinue
        head = RequestHead(
            method: checked.method.rawValue,
            path: checked.path,
            query: checked.query,
            host: checked.host,
            credential: Credential(checked.credentials),
            pinnedDeployment: checked.pinnedDeployment,
            contentType: checked.contentType
        )
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
        if keptBytes + bytes.readableBytes > Limits.replayableBody {
            canReplay = false
            kept = nil
        } else {
            keep(bytes)
        }
    }
}

extension Credential {
    fileprivate init(_ credentials: RequestCredentials) {
        if credentials.hasConflict {
            self = .conflicting
        } else if let key = credentials.apiKey ?? credentials.bearer {
            self = .key(key)
        } else {
            self = credentials.authorization == nil ? .none : .key("")
        }
    }
}
