import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import Testing

@testable import GatewayAdmin

/// Captures in the formats of others.
@Suite struct CaptureExportTests {
    /// 2026-12-31T18:05:07.250Z.
    private static let time: Int64 = 1_798_740_307_250_000

    private static func capture(_ change: (inout Capture) -> Void = { _ in }) async throws -> StoredCapture {
        var receipt = Receipt(requestID: "request-1", startedAt: time)
        receipt.tenant = "demo"
        receipt.endpoint = "chat"
        receipt.deployment = "blue"
        receipt.method = "POST"
        receipt.path = "/demo/chat/score"
        receipt.status = 200
        receipt.durationMicroseconds = 1_500_000
        var capture = Capture(
            receipt: receipt,
            rule: CaptureRule(),
            query: "a=b",
            request: message(#"{ "n": 12345678901234567890.0, "t": "a b" }"#),
            response: message("[1,\n2]")
        )
        change(&capture)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("export-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try CaptureStore(path: folder.appendingPathComponent("captures.db").path)
        try store.append([capture])
        return try #require(try await store.next(after: 0, atMost: 1).captures.first)
    }

    private static func message(_ body: String, _ type: String = "application/json") -> CapturedMessage {
        message(bytes: Array(body.utf8), type)
    }

    private static func message(bytes: [UInt8], _ type: String) -> CapturedMessage {
        CapturedMessage(headers: [.init(name: "Content-Type", value: type)], body: bytes, size: Int64(bytes.count))
    }

    private static let labels = CaptureExport.Labels(
        TenantDefinition(name: "demo", subscription: "s", resourceGroup: "g")
    )

    private static func export(
        _ format: ExportFormat,
        rolling: RollingRate = .hour,
        _ change: (inout Capture) -> Void = { _ in }
    ) async throws -> [(file: String, value: ARMValue, text: String)] {
        try CaptureExport(format).lines(try await capture(change), labels, rolling: rolling).map { line in
            #expect(!line.text.contains("\n"))
            return (line.file, try JSONDecoder().decode(ARMValue.self, from: Data(line.text.utf8)), line.text)
        }
    }

    private static func encoded(_ half: ARMValue?) -> [String?] { [half?["encoding"]?.text, half?["data"]?.text] }

    @Test func `SageMaker gets both halves in one line, in the folder of the hour`() async throws {
        let found = try await Self.export(.sagemaker)
        #expect(found.map(\.file) == ["chat/blue/2026/12/31/18/gatehouse.jsonl"])
        let record = found[0].value
        #expect(record["eventVersion"] == "0")
        let metadata = try #require(record["eventMetadata"])
        #expect(metadata["inferenceTime"] == "2026-12-31T18:05:07Z" && metadata["inferenceId"] == "request-1")
        #expect(UUID(uuidString: metadata["eventId"]?.text ?? "") != nil && metadata["customAttributes"] == nil)
        let input = record["captureData"]?["endpointInput"]
        #expect(input?["mode"] == "INPUT" && input?["observedContentType"] == "application/json")
        #expect(Self.encoded(input) == ["JSON", #"{"n":12345678901234567890.0,"t":"a b"}"#])
        let output = record["captureData"]?["endpointOutput"]
        #expect(output?["mode"] == "OUTPUT" && Self.encoded(output) == ["JSON", "[1,2]"])
    }

    @Test func `SageMaker gets CSV as it is, and in BASE64 what is neither that nor JSON, or not whole`() async throws {
        func halves(_ request: CapturedMessage, _ response: CapturedMessage) async throws -> ARMValue {
            try await Self.export(.sagemaker) {
                $0.request = request
                $0.response = response
            }[0].value
        }
        var cut = Self.message(#"{"a": "#)
        (cut.isTruncated, cut.size) = (true, 99)
        let first = try await halves(Self.message("1,2\n3,4", "text/csv; charset=utf-8"), cut)
        #expect(Self.encoded(first["captureData"]?["endpointInput"]) == ["CSV", "1,2\n3,4"])
        #expect(Self.encoded(first["captureData"]?["endpointOutput"]) == ["BASE64", "eyJhIjog"])
        #expect(first["eventMetadata"]?["customAttributes"] == ["truncated=response"])
        let second = try await halves(
            Self.message(bytes: [1, 2, 255], "image/png"),
            Self.message("data: a\n\n", "text/event-stream")
        )
        #expect(Self.encoded(second["captureData"]?["endpointInput"]) == ["BASE64", "AQL/"])
        #expect(Self.encoded(second["captureData"]?["endpointOutput"]) == ["BASE64", "ZGF0YTogYQoK"])
    }

    @Test func `what has no room of its own with SageMaker is behind the caller's own attributes`() async throws {
        let found = try await Self.export(.sagemaker, rolling: .minute) {
            $0.receipt.status = 424
            $0.receipt.mirrorOf = "green"
            $0.request.headers.append(.init(name: "X-Amzn-SageMaker-Custom-Attributes", value: "mine"))
        }
        #expect(found[0].value["eventMetadata"]?["customAttributes"] == ["mine", "status=424", "mirrorOf=green"])
        #expect(found[0].file == "chat/blue/2026/12/31/18/05-gatehouse.jsonl")
    }

    @Test func `Azure gets the payload's halves in collections, paired by one identifier`() async throws {
        let found = try await Self.export(.azure)
        #expect(
            found.map(\.file)
                == ["request", "response"].map {
                    "modelDataCollector/chat/blue/\($0)/2026/12/31/18/gatehouse.jsonl"
                }
        )
        let (request, response) = (found[0].value, found[1].value)
        for (record, name) in [(request, "request"), (response, "response")] {
            #expect(record["specversion"] == "1.0" && record["type"] == .string("azureml.inference.\(name)"))
            #expect(record["datacontenttype"] == "application/json" && record["xrequestid"] == "request-1")
            let source = record["source"]?.text
            #expect(source?.hasPrefix("/subscriptions/s/resourceGroups/g/providers/") == true)
            #expect(source?.hasSuffix("/workspaces/demo/onlineEndpoints/chat/deployments/blue") == true)
        }
        #expect(request["correlationid"] == response["correlationid"] && request["id"] != response["id"])
        #expect(request["time"] == "2026-12-31T18:05:07.250Z" && response["time"] == "2026-12-31T18:05:08.750Z")
        #expect(request["path"] == "/demo/chat/score?a=b" && request["method"] == "POST" && response["path"] == nil)
        #expect(found[0].text.contains(#""data":{"n":12345678901234567890.0,"t":"a b"}"#))
        #expect(response["data"] == [1, 2] && response["statuscode"] == 200)
        #expect(request["contentrange"] == "bytes 0-42/43" && request["collectdatatype"] == "builtins.dict")
        #expect(request["headers"] == ["content-type": "application/json"])
    }

    @Test func `Azure gets what a data collector collects, in folders of its rolling rate`() async throws {
        let collections = ["model_inputs", "request"].map { CaptureCollection(name: $0, samplingRate: 1) }
        let found = try await Self.export(.azure, rolling: .day) {
            $0.rule = CaptureRule(collecting: collections, headers: [], rollingRate: .day) ?? $0.rule
            $0.response = CapturedMessage()
        }
        #expect(found.map(\.value["type"]?.text) == ["azureml.inference.model_inputs", "azureml.inference.request"])
        #expect(found[0].file == "modelDataCollector/chat/blue/model_inputs/2026/12/31/gatehouse.jsonl")
        #expect(found[0].value["headers"] == nil && found[1].value["headers"] != nil)
    }

    @Test(arguments: [
        (RollingRate.year, "2026"), (.month, "2026/12"), (.day, "2026/12/31"), (.hour, "2026/12/31/18"),
        (.minute, "2026/12/31/18/05"),
    ])
    func `folders are as deep as files are rolled`(rate: RollingRate, folder: String) {
        #expect(ExportFolders.time(Self.time, rate) == folder)
    }

    @Test func `of a cut body the range is told, and how long all of it was`() async throws {
        let word = String(repeating: "h", count: 300)
        let found = try await Self.export(.azure) {
            $0.response = Self.message("\(word)\u{e4}", "text/plain")
            $0.response.body.removeLast()
            ($0.response.isTruncated, $0.response.size) = (true, 70_000)
            $0.request = Self.message("")
        }
        #expect(found[0].value["contentrange"] == "bytes */0" && found[0].value["data"] == "")
        #expect(found[1].value["contentrange"] == "bytes 0-300/70000" && found[1].value["data"]?.text == word)
    }

    @Test func `bytes that are no text are in base64, and say so`() async throws {
        let found = try await Self.export(.azure) { $0.response = Self.message(bytes: [0, 255], "image/png") }
        #expect(found[1].value["data"] == "AP8=" && found[1].value["datacontentencoding"] == "base64")
        let record = try await Self.export(.jsonl) { $0.response = Self.message(bytes: [0, 255], "image/png") }[0].value
        #expect(record["response"]?["kind"] == "binary" && record["response"]?["base64"] == "AP8=")
    }

    @Test func `KServe gets two CloudEvents of one identifier`() async throws {
        let found = try await Self.export(.kserve) {
            $0.response = Self.message("data: a\n\ndata: b\n\n", "text/event-stream")
        }
        let types = ["org.kubeflow.serving.inference.request", "org.kubeflow.serving.inference.response"]
        #expect(found.map(\.value["type"]?.text) == types)
        #expect(Set(found.map(\.file)) == ["chat/blue/2026/12/31/18/gatehouse.jsonl"])
        #expect(found[0].value["id"] == found[1].value["id"] && found[0].value["source"] == "/demo/chat/blue")
        #expect(found[0].value["inferenceservicename"] == "chat" && found[0].value["namespace"] == "demo")
        #expect(found[0].value["data"]?["t"] == "a b")
        #expect(found[0].value["metadata"] == #"{"content-type":["application/json"]}"#)
        #expect(found[1].value["data"] == "data: a\n\ndata: b\n\n" && found[1].value["statuscode"] == 200)
    }

    @Test func `a cut JSON body is no JSON to KServe's readers`() async throws {
        let found = try await Self.export(.kserve) {
            $0.request = Self.message(#"{"a": "#)
            ($0.request.isTruncated, $0.request.size) = (true, 99)
        }
        #expect(found[0].value["data"] == nil && found[0].value["data_base64"] == "eyJhIjog")
        #expect(found[0].value["truncated"]?.isTrue == true)
    }

    @Test func `a record has all that the API shows`() async throws {
        let found = try await Self.export(.jsonl)
        let record = try JSONDecoder().decode(CapturedExchangeResource.self, from: Data(found[0].text.utf8))
        #expect(record.summary.endpoint == "chat" && record.summary.requestId == "request-1")
        #expect(record.request.text?.contains("12345678901234567890.0") == true && record.response.kind == "json")
    }

    @Test func `one half alone is exported where a rule keeps one alone`() async throws {
        func change(_ capture: inout Capture) { capture.response = CapturedMessage() }
        let found = try await Self.export(.sagemaker, change)
        #expect(found[0].value["captureData"]?["endpointOutput"] == nil)
        #expect(found[0].value["captureData"]?["endpointInput"] != nil)
        #expect(try await Self.export(.azure, change).count == 1)
        #expect(try await Self.export(.kserve, change).count == 1)
    }

    @Test(arguments: [
        ("..", "_.."), ("../../etc", "..%2F..%2Fetc"), ("", "_"), ("a b\u{0}\\", "a%20b%00%5C"), (".", "_."),
    ])
    func `no name leads out of a folder`(name: String, part: String) {
        #expect(ExportFolders.path(["x", name]) == "x/\(part)")
    }

    @Test(arguments: [
        "{'a': 1}", "[1,]", "[,1]", #"{"a":1,}"#, #"{"a":01}"#, "nul", "[NaN]", #"{"a"}"#, "[1] [2]", "[1", "+1", "1.",
        ".5",
        "1e", "-", #"["\x"]"#, #"["\u00g0"]"#, "[\"a\nb\"]", #"{1:2}"#, #"[1 2]"#, "{\"a\" 1}",
    ])
    func `what only looks like JSON stays text`(body: String) async throws {
        let found = try await Self.export(.azure) { $0.response = Self.message(body) }
        #expect(found[1].value["data"] == .string(body))
    }

    @Test(arguments: [
        (
            " [ 1 , -0.5e+10 , \"a \\n\\u00e9 \\\" b\" , null,true , false,{ } , [ ] ]\n",
            #"[1,-0.5e+10,"a \n\u00e9 \" b",null,true,false,{},[]]"#
        ),
        ("\t{\"a\" : {\"b\":0}\r\n}", #"{"a":{"b":0}}"#), ("\"x\"", "\"x\""),
        ("100000000000000000000001", "100000000000000000000001"),
    ])
    func `JSON goes onto one line as it is`(body: String, line: String) {
        #expect(JSONLineText.line(of: Array(body.utf8)) == line)
        let deep = String(repeating: "[", count: 513) + String(repeating: "]", count: 513)
        #expect(JSONLineText.line(of: Array(deep.utf8)) == nil)
    }
}
