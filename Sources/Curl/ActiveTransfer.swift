import CCurl
import NIOCore

/// One transfer on the curl thread: answers libcurl's callbacks and turns them into events.
final class ActiveTransfer {
    let link: TransferLink
    private(set) var events: [TransferEvent] = []
    private let outbox: Outbox
    private let isAddressAllowed: @Sendable (String) -> Bool
    private var handle: EasyHandle
    private var head = ResponseHeadParser()
    private var isReceivingPaused = false
    private var isSendingPaused = false
    private var attempts = 0
    private var isConnectionReused = false
    /// Our own reason, said before libcurl's, which then is only that a callback gave up.
    private var complaint: (phase: CurlFailure.Phase, reason: String)?
    private var hasMalformedHead = false

    /// Fails when libcurl is out of memory.
    init?(link: TransferLink, outbox: Outbox, isAddressAllowed: @escaping @Sendable (String) -> Bool) {
        guard let handle = EasyHandle() else { return nil }
        self.link = link
        self.outbox = outbox
        self.isAddressAllowed = isAddressAllowed
        self.handle = handle
    }

    /// For the multi interface only.
    var easy: UnsafeMutableRawPointer { unsafe handle.pointer }

    /// Returns the failure when the request cannot be sent.
    func configure() -> CurlFailure? {
        do {
            try handle.configure(link.request)
            unsafe installCallbacks(on: handle.pointer)
            return nil
        } catch let problem as CurlRequestProblem {
            return failure(.send, problem.reason)
        } catch {
            return failure(.send, (error as? OptionProblem)?.reason ?? "\(error)")
        }
    }

    func takeEvents() -> [TransferEvent] {
        defer { events = [] }
        return events
    }

    func emit(_ event: TransferEvent) {
        if events.isEmpty { outbox.ready.append(self) }
        events.append(event)
    }
}

/// What the curl thread asks of it.
extension ActiveTransfer {
    func resumeReceiving() {
        isReceivingPaused = false
        handle.pause(receiving: false, sending: isSendingPaused)
    }

    func resumeSending() {
        guard isSendingPaused else { return }
        isSendingPaused = false
        handle.pause(receiving: isReceivingPaused, sending: false)
    }

    func finished(_ code: CURLcode) {
        guard code == CURLE_OK, complaint == nil else { return emit(.failed(failure(of: code))) }
        if link.request.isConnectOnly {
            emit(.head(CurlHead(status: 0, version: "", headers: [])))
            return emit(.end(trailers: []))
        }
        guard head.isHeadComplete else { return emit(.failed(failure(.receive, "the response has no head"))) }
        emit(.end(trailers: head.trailers))
    }

    func failure(_ phase: CurlFailure.Phase, _ reason: String) -> CurlFailure {
        CurlFailure(
            phase: phase,
            hasSentRequest: attempts > 0
                && (handle.long(CURLINFO_REQUEST_SIZE) > 0 || handle.offset(CURLINFO_SIZE_UPLOAD_T) > 0),
            isConnectionReused: isConnectionReused,
            reason: reason
        )
    }

    private func failure(of code: CURLcode) -> CurlFailure {
        guard let complaint else {
            if wasCutInHandshake(code) {
                return failure(.connect, "the connection was cut in the TLS handshake: \(handle.explain(code))")
            }
            var failure = failure(phase(of: code), handle.explain(code))
            failure.isUntrusted =
                [CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS].contains(code)
            failure.isMalformed = [CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL].contains(code)
            return failure
        }
        var failure = failure(complaint.phase, complaint.reason)
        failure.isMalformed = hasMalformedHead
        return failure
    }

    /// libcurl has one code for all that goes wrong in a handshake; that the other side went away only its words tell.
    private func wasCutInHandshake(_ code: CURLcode) -> Bool {
        guard code == CURLE_SSL_CONNECT_ERROR else { return false }
        let words = ["Recv failure", "Send failure", "SSL_ERROR_SYSCALL", "Connection reset", "unexpected eof"]
        let detail = handle.explain(code)
        return words.contains { detail.contains($0) }
    }

    private func phase(of code: CURLcode) -> CurlFailure.Phase {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: attempts == 0 && link.request.boundsConnectApart ? .connect : .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tls
        case CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_READ_ERROR: .send
        default: attempts == 0 ? .connect : .receive
        }
    }
}

/// What libcurl's callbacks ask of it.
extension ActiveTransfer {
    /// Returns whether the line was taken.
    func headerLine(_ line: String) -> Bool {
        do throws(ResponseHeadParser.Problem) {
            if case .head(let head) = try head.line(line) { emit(.head(head)) }
            return true
        } catch {
            complaint = (.receive, error.reason)
            hasMalformedHead = true
            return false
        }
    }

    /// Returns whether the bytes were taken; else libcurl keeps them and pauses.
    func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard link.admit(bytes.count) else {
            isReceivingPaused = true
            return false
        }
        // What one turn of the thread reads becomes one buffer.
        if case .body(var buffer) = events.last {
            events.removeLast()
            unsafe buffer.writeBytes(bytes)
            events.append(.body(buffer))
        } else {
            unsafe emit(.body(ByteBuffer(bytes: bytes)))
        }
        return true
    }

    /// The count for libcurl, or its code for pause or abort.
    func upload(into target: UnsafeMutableRawBufferPointer) -> Int {
        switch unsafe link.readUpload(into: target) {
        case .bytes(let count, let wakesWriter):
            if wakesWriter { emit(.writable) }
            return count
        case .wait:
            isSendingPaused = true
            return Int(CURL_READFUNC_PAUSE)
        case .finished:
            return 0
        case .short:
            complaint = (.send, "the request body ended before its announced length")
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// The upload's trailers as libcurl wants them.
    func trailerLines() -> [String] {
        link.trailers.filter { $0.0.isFieldName && $0.1.isFieldValue }.map { "\($0.0): \($0.1)" }
    }

    /// Called when a connection is there, before anything is written; returns whether to go on.
    ///
    /// libcurl would send a request again by itself when a kept-alive connection closed under it, a POST too. Whether
    /// that is safe is the caller's decision (SECURITY U-4), so the second attempt is stopped here.
    ///
    /// - Parameter address: the connection's other end; it may have been made for a request with another address rule.
    func willSend(to address: String) -> Bool {
        attempts += 1
        guard attempts == 1 else {
            complaint = (.receive, "the kept-alive connection closed before the response")
            return false
        }
        isConnectionReused = handle.long(CURLINFO_NUM_CONNECTS) == 0
        // One of the host's addresses may have been refused, and another was allowed.
        complaint = nil
        if let rule = link.request.isAddressAllowed, link.request.unixSocketPath == nil, !rule(address) {
            complaint = (.connect, "address \(address) is not allowed")
            return false
        }
        return true
    }

    /// Whether the address may be dialled.
    func allows(_ address: String) -> Bool {
        if isAddressAllowed(address), link.request.isAddressAllowed?(address) ?? true { return true }
        complaint = (.connect, "address \(address) is not allowed")
        return false
    }
}

/// The transfers that have something to tell after this turn of the thread.
final class Outbox {
    var ready: [ActiveTransfer] = []
}
