import Foundation
import GatewayAPI
import GatewayCore
import GatewayWorkers
import Testing

@testable import gatehouse

@Suite struct DeploymentLogsTests {
    private let logs = DeploymentLogs()

    private func receipt(_ deployment: String, path: String = "/score", caller: String = "demo/chat#primary") -> Receipt
    {
        var receipt = Receipt(requestID: "id-1", startedAt: 1_767_225_600_000_000)
        (receipt.tenant, receipt.endpoint, receipt.deployment) = ("demo", "chat", deployment)
        (receipt.method, receipt.path, receipt.status, receipt.upstreamStatus) = ("POST", path, 424, 500)
        (receipt.durationMicroseconds, receipt.outcome, receipt.caller) = (12_345, .completed, caller)
        (receipt.instance, receipt.attempts) = ("http://a:1", 1)
        return receipt
    }

    @Test func `a deployment's lines are its requests and what happens to its instances, in order`() {
        logs.append([receipt("blue"), receipt("green"), receipt("")])
        logs.note("demo/chat/blue", "probe readiness of http://a:1: GET /ready answered 503")
        let lines = logs.tail("demo/chat/blue", 10)
        #expect(
            lines.first?.line
                == "POST /score 424 upstream=500 12ms completed instance=http://a:1 attempts=1 caller=demo/chat#primary id=id-1"
        )
        #expect(lines.first?.time == "2026-01-01T00:00:00Z")
        #expect(lines.last?.line == "probe readiness of http://a:1: GET /ready answered 503")
        #expect(lines.count == 2 && logs.tail("demo/chat/green", 10).count == 1)
        #expect(logs.tail("demo/chat/red", 10).isEmpty)
    }

    @Test func `a worker's line has its time, its worker, and nothing that a terminal would obey`() {
        let time = Date(timeIntervalSince1970: 1_767_225_600.25)
        let line = LogLineResource(WorkerLine(time: time, instance: 1, text: "model\u{1B} ready"))
        #expect(line.text == "2026-01-01T00:00:00.250Z [1] model? ready")
        let refusal = LogLineResource(WorkerLine(time: time, instance: nil, text: "not started: no room"))
        #expect(refusal.text == "2026-01-01T00:00:00.250Z not started: no room")
    }

    @Test func `the last thousand lines are kept`() {
        for number in 0..<2500 { logs.note("demo/chat/blue", "\(number)") }
        #expect(logs.tail("demo/chat/blue", 3).map(\.line) == ["2497", "2498", "2499"])
        let all = logs.tail("demo/chat/blue", 5000).map(\.line)
        #expect(all.count == 1000 && all.first == "1500" && all.last == "2499")
    }

    @Test func `nothing that a caller wrote moves a terminal`() {
        logs.append([receipt("blue", caller: "demo@\u{1b}[2J\n\u{9b}x")])
        #expect(logs.tail("demo/chat/blue", 1).first?.line.contains("caller=demo@?[2J??x") == true)
    }

    @Test func `deployments that are gone are forgotten`() {
        for name in ["blue", "green"] { logs.note("demo/chat/\(name)", "x") }
        logs.keep(["demo/chat/green"])
        #expect(logs.tail("demo/chat/blue", 1).isEmpty && logs.tail("demo/chat/green", 1).count == 1)
    }
}
