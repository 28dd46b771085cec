import Foundation
import GatewayCore
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct ErrorResponseTests {
    private static let refusals: [Refusal] = [
        .malformed(status: 400, reason: "The target is not a path."), .unauthenticated(.missing),
        .unauthenticated(.invalid),
        .unauthenticated(.conflicting), .forbidden, .noSuchEndpoint, .noSuchModel, .noSuchDeployment, .noTraffic,
        .bodyTooLarge(limit: 16), .bodyUnreadable(.noModel), .bodyUnreadable(.modelTwice),
        .bodyUnreadable(.modelNotText),
        .bodyUnreadable(.notJSON), .notReady(deployment: "blue"), .upstreamFailed(deployment: "blue", phase: .connect),
        .upstreamFailed(deployment: "blue", phase: .send), .upstreamFailed(deployment: "blue", phase: .wait),
        .upstreamFailed(deployment: "blue", phase: .malformed), .upstreamFailed(deployment: "blue", phase: .receive),
        .timedOut(deployment: "blue", milliseconds: 5000), .overloaded,
        .paused(deployment: "blue", seconds: 7, milliseconds: 500),
    ]

    private func response(_ refusal: Refusal, _ dialect: Dialect = .azure, isScoring: Bool = false) -> ErrorResponse {
        ErrorResponse(refusal, dialect: dialect, isScoring: isScoring, requestID: "0123abcd")
    }

    private func object(_ response: ErrorResponse) throws -> [String: Any] {
        let parsed = try JSONSerialization.jsonObject(with: Data(String(buffer: response.body).utf8))
        return try #require(parsed as? [String: Any])
    }

    @Test(arguments: refusals, [Dialect.azure, .openAI, .anthropic])
    func `every refusal is valid JSON in the caller's dialect and names the request`(refusal: Refusal, dialect: Dialect)
        throws
    {
        for isScoring in [true, false] {
            let response = response(refusal, dialect, isScoring: isScoring)
            let body = try object(response)
            let error = try #require(body["error"] as? [String: Any])
            let message = try #require(error["message"] as? String)
            #expect(!message.isEmpty)
            #expect(response.headers.contains { $0 == ("content-type", "application/json") })
            #expect(!response.rule.isEmpty)
            switch dialect {
            case .azure:
                #expect(error["code"] is String)
                #expect(error["requestId"] as? String == "0123abcd")
            case .openAI:
                #expect(Set(error.keys) == ["message", "type", "param", "code", "request_id"])
            case .anthropic:
                #expect(body["type"] as? String == "error")
                #expect(error["type"] is String)
                #expect(body["request_id"] as? String == "0123abcd")
            }
        }
    }

    @Test(arguments: [
        (Refusal.malformed(status: 431, reason: "x"), 431, 431), (.unauthenticated(.missing), 401, 401),
        (.unauthenticated(.invalid), 401, 401), (.forbidden, 403, 403), (.noSuchEndpoint, 404, 404),
        (.noSuchModel, 404, 404),
        (.noSuchDeployment, 404, 404), (.noTraffic, 404, 404), (.bodyTooLarge(limit: 1), 413, 413),
        (.bodyUnreadable(.noModel), 400, 400), (.notReady(deployment: "d"), 424, 503),
        (.upstreamFailed(deployment: "d", phase: .connect), 424, 502),
        (.upstreamFailed(deployment: "d", phase: .wait), 424, 502),
        (.timedOut(deployment: "d", milliseconds: 1), 408, 504), (.overloaded, 503, 503),
    ])
    func `scoring URLs have Azure's statuses, others their own`(refusal: Refusal, scoring: Int, elsewhere: Int) {
        #expect(response(refusal, isScoring: true).status.code == scoring)
        #expect(response(refusal, isScoring: false).status.code == elsewhere)
    }

    @Test func `a 401 says how to prove who one is, a 503 when to come again`() {
        #expect(response(.unauthenticated(.missing)).headers.contains { $0.0 == "www-authenticate" })
        #expect(response(.overloaded).headers.contains { $0.0 == "retry-after" })
        #expect(response(.notReady(deployment: "d")).headers.contains { $0.0 == "retry-after" })
    }

    @Test func `a 424 tells Azure's SDK that the model was not ready`() {
        let headers = response(.notReady(deployment: "d"), isScoring: true).headers
        #expect(headers.contains { $0 == ("ms-azureml-model-error-reason", "model_not_ready") })
    }

    @Test func `OpenAI's SDK is told not to repeat a 504`() {
        let refusal = Refusal.timedOut(deployment: "blue", milliseconds: 5000)
        #expect(response(refusal, .openAI).headers.contains { $0 == ("x-should-retry", "false") })
        #expect(!response(refusal, .azure).headers.contains { $0.0 == "x-should-retry" })
    }

    @Test(arguments: [Dialect.azure, .openAI, .anthropic], [true, false])
    func `a pause of all instances is 429 with what is left of it, and says so`(dialect: Dialect, isScoring: Bool) {
        let paused = Refusal.paused(deployment: "blue", seconds: 7, milliseconds: 500)
        let response = response(paused, dialect, isScoring: isScoring)
        #expect(response.status == .tooManyRequests && response.rule == "InstancesPaused")
        #expect(response.headers.contains { $0 == ("retry-after", "7") })
        let body = String(buffer: response.body)
        let words = ["blue", "Retry-After", "7 s", "max_queue_wait_ms = 500"]
        for word in words { #expect(body.contains(word), "\(word)") }
    }

    @Test func `a time-out names the setting, its value and the deployment`() {
        for isScoring in [true, false] {
            let body = String(
                buffer: response(.timedOut(deployment: "blue", milliseconds: 5000), isScoring: isScoring).body
            )
            #expect(body.contains("request_timeout_ms"))
            #expect(body.contains("5000"))
            #expect(body.contains("blue"))
        }
    }

    @Test func `a wrong key is OpenAI's invalid_api_key`() {
        let openAI = String(buffer: response(.unauthenticated(.invalid), .openAI).body)
        #expect(openAI.contains("invalid_api_key"))
    }

    @Test func `a missing model is OpenAI's model_not_found`() throws {
        let error = try #require(try object(response(.noSuchModel, .openAI))["error"] as? [String: Any])
        #expect(error["code"] as? String == "model_not_found")
        #expect(error["param"] as? String == "model")
        #expect(error["type"] as? String == "invalid_request_error")
    }
}
