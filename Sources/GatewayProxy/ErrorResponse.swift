import GatewayCore
import NIOCore
import NIOHTTP1

/// Turns a refusal into the answer that this caller's client library understands.
///
/// The only place where that is done.
struct ErrorResponse {
    let status: HTTPResponseStatus
    let body: ByteBuffer
    let headers: [(String, String)]
    /// Names the rule in receipts and logs.
    let rule: String

    /// - Parameters:
    ///   - isScoring: scoring URLs have Azure's statuses: 408 and 424 instead of 504, 502 and 503.
    ///   - requestID: shown in the body, so that a person can find the exchange again.
    init(_ refusal: Refusal, dialect: Dialect, isScoring: Bool, requestID: String) {
        let facts = RefusalFacts(refusal, isScoring: isScoring)
        rule = facts.code
        status = HTTPResponseStatus(statusCode: facts.status)
        body = Self.render(facts, dialect, requestID)
        var headers = [("content-type", "application/json")]
        if facts.status == 401 { headers.append(("www-authenticate", "Bearer")) }
        if let seconds = facts.retryAfter { headers.append(("retry-after", String(seconds))) }
        if facts.status == 504, dialect == .openAI { headers.append(("x-should-retry", "false")) }
        if dialect == .azure { headers.append(("x-ms-error-code", facts.code)) }
        if facts.status == 424 {
            headers.append(("ms-azureml-model-error-statuscode", "424"))
            headers.append(("ms-azureml-model-error-reason", facts.modelErrorReason))
        }
        self.headers = headers
    }

    private static func render(_ facts: RefusalFacts, _ dialect: Dialect, _ requestID: String) -> ByteBuffer {
        let message = facts.message
        let text =
            switch dialect {
            case .azure:
                #"{"error":{"code":"\#(facts.code)","message":"\#(message)","requestId":"\#(requestID)"}}"#
            case .openAI:
                #"{"error":{"message":"\#(message)","type":"\#(facts.openAIType)","param":\#(facts.parameter.map { "\"\($0)\"" } ?? "null"),"code":"\#(facts.openAICode)","request_id":"\#(requestID)"}}"#
            case .anthropic:
                #"{"type":"error","error":{"type":"\#(facts.anthropicType)","message":"\#(message)"},"request_id":"\#(requestID)"}"#
            }
        return ByteBuffer(string: text)
    }
}

/// What each refusal is called and says.
///
/// Messages hold nothing of the caller's input: names of deployments are the admin's.
private struct RefusalFacts {
    let status: Int
    let code: String
    let message: String
    var parameter: String?
    var modelErrorReason = "model_not_ready"
    /// Seconds.
    var retryAfter: Int64?

    init(_ refusal: Refusal, isScoring: Bool) {
        switch refusal {
        case .malformed(let status, let reason):
            self.init(status, "BadRequest", reason)
        case .unauthenticated(let fault):
            self.init(401, "Unauthorized", Self.sentence(fault))
        case .forbidden:
            self.init(403, "Forbidden", "This credential does not open the endpoint that the request names.")
        case .suspended:
            self.init(403, "TenantSuspended", "The tenant is suspended. Ask its admin.")
        case .networkRefused:
            self.init(403, "NetworkRefused", "This credential or endpoint may not be used from your network.")
        case .tenantAmbiguous:
            self.init(
                400,
                "TenantAmbiguous",
                "Several tenants trust this token. Name one in the header x-gatehouse-tenant."
            )
        case .noTokens:
            self.init(
                404,
                "ResourceNotFound",
                "The endpoint gives out no tokens: aml_token is not among its auth modes."
            )
        case .maintenance(let maintenance):
            self.init(503, "Maintenance", Self.escaped(maintenance.message))
            retryAfter = Int64(maintenance.retryAfter)
        case .lengthRequired:
            self.init(411, "LengthRequired", "The endpoint limits body bytes. Send the body with a Content-Length.")
        case .limited(let limited):
            self.init(429, limited.isQuota ? "QuotaExceeded" : "RateLimitExceeded", Self.escaped(limited.message))
            retryAfter = limited.retryAfter
        case .noSuchEndpoint:
            self.init(404, "ResourceNotFound", "There is no such endpoint. Check the URL's tenant and endpoint names.")
        case .noSuchModel:
            self.init(
                404,
                "ModelNotFound",
                "There is no such model for this key. GET /v1/models lists those that there are."
            )
            parameter = "model"
        case .noSuchDeployment:
            self.init(
                404,
                "DeploymentNotFound",
                "The endpoint has no deployment of the name in azureml-model-deployment."
            )
        case .noSuchVersion(let known):
            let list = known.isEmpty ? "none" : known.joined(separator: ", ")
            self.init(404, "VersionNotFound", "The endpoint serves no such version of its model. It has: \(list).")
        case .noTraffic:
            self.init(404, "NoTraffic", "No deployment of this endpoint has traffic. An admin must give one a weight.")
        case .bodyTooLarge(let limit):
            self.init(
                413,
                "RequestBodyTooLarge",
                "The body is over the limit of \(limit) bytes within which its model must stand."
            )
        case .bodyUnreadable(let fault):
            self.init(400, "BadArgument", Self.sentence(fault))
            parameter = fault == .notJSON ? nil : "model"
        case .notReady(let deployment):
            self.init(
                isScoring ? 424 : 503,
                "ModelNotReady",
                "No instance of deployment \(deployment) is ready. Try again soon."
            )
        case .coldStart(let deployment, let milliseconds):
            self.init(
                isScoring ? 424 : 503,
                "ModelNotReady",
                """
                A worker of deployment \(deployment) is starting; it was not ready within \
                request_timeout_ms = \(milliseconds). Try again soon.
                """
            )
        case .upstreamFailed(let deployment, let phase):
            self.init(isScoring ? 424 : 502, "UpstreamFailed", "Deployment \(deployment) \(Self.sentence(phase)).")
        case .timedOut(let deployment, let milliseconds):
            self.init(
                isScoring ? 408 : 504,
                "RequestTimeout",
                "Deployment \(deployment) did not answer within request_timeout_ms = \(milliseconds)."
            )
        case .queueFull(let deployment, let limit):
            self.init(429, "QueueFull", Self.queueSentence(deployment, limit) + "and as many wait as may.")
            retryAfter = 1
        case .workerBusy(let deployment):
            self.init(
                429,
                "QueueFull",
                "The worker of deployment \(deployment) has as many requests as it may, and as many wait as may."
            )
            retryAfter = 1
        case .queueWaitOver(let deployment, let milliseconds, let limit):
            self.init(
                429,
                "QueueWaitOver",
                Self.queueSentence(deployment, limit) + "and none was free within max_queue_wait_ms = \(milliseconds)."
            )
            retryAfter = 1
        case .paused(let deployment, let seconds, let milliseconds):
            self.init(
                429,
                "InstancesPaused",
                """
                Every instance of deployment \(deployment) asked for a pause (Retry-After), which is over in \(seconds) s. \
                Requests wait for max_queue_wait_ms = \(milliseconds).
                """
            )
            retryAfter = seconds
        case .overloaded:
            self.init(503, "Overloaded", "The gateway cannot take more requests now. Try again soon.")
        }
    }

    private init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
        if status == 503 { retryAfter = 1 }
    }

    /// Admins write some of these texts: quotes and backslashes must not end the JSON string.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "\"", "\\": escaped += "\\\(scalar)"
            default: escaped.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
            }
        }
    }

    /// One sentence for unknown and wrong keys: it does not say which part failed (SECURITY K-5).
    private static func sentence(_ fault: Refusal.CredentialFault) -> String {
        switch fault {
        case .missing: "Send an API key or a token, as Authorization: Bearer CREDENTIAL or as api-key: KEY."
        case .invalid: "The API key or token is not valid."
        case .inQuery: "A credential in the URL is refused: it would end in logs. Send it as a header."
        case .conflicting: "The request carries two different credentials. Send one."
        }
    }

    private static func sentence(_ fault: Refusal.BodyFault) -> String {
        switch fault {
        case .noModel: "The body names no model. Send its name as the member model."
        case .modelTwice: "The body names model more than once."
        case .modelNotText: "The member model must be a string."
        case .notJSON: "The body must be a JSON object, or a multipart form with the part model."
        }
    }

    private static func queueSentence(_ deployment: String, _ limit: Int) -> String {
        "Every instance of deployment \(deployment) has max_concurrent_requests_per_instance = \(limit) requests, "
    }

    private static func sentence(_ phase: UpstreamFailure.Phase) -> String {
        switch phase {
        case .connect: "could not be reached"
        case .send, .wait: "closed the connection before it answered"
        case .malformed: "sent an answer that breaks the rules of HTTP"
        case .receive: "broke off its answer"
        }
    }

    var openAIType: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 429: code == "QuotaExceeded" ? "insufficient_quota" : "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    var openAICode: String {
        switch code {
        case "Unauthorized": "invalid_api_key"
        case "ModelNotFound": "model_not_found"
        case "QuotaExceeded": "insufficient_quota"
        default:
            code.reduce(into: "") { text, letter in
                if letter.isUppercase, !text.isEmpty { text.append("_") }
                text.append(contentsOf: letter.lowercased())
            }
        }
    }

    var anthropicType: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503: "overloaded_error"
        case 504: "timeout_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
