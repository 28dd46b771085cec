import Curl
import Foundation
import GatewayAPI
import Logging
import NIOCore
import NIOPosix

/// Calls the admin API: JSON in, JSON out, its errors as sentences.
struct AdminClient {
    private static let largestAnswer = 64 << 20

    private let server: String
    private let token: String
    private let authority: CurlRequest.CertificateAuthority
    private let curl: CurlClient

    init(server: String, token: String, authority: CurlRequest.CertificateAuthority) {
        self.server = server
        self.token = token
        self.authority = authority
        curl = CurlClient(logger: Logger(label: "gatehouse"))
    }

    func get<Answer: Decodable>(_ path: String, as type: Answer.Type = Answer.self) async throws -> Answer {
        try decode(await send("GET", path, body: nil))
    }

    /// A whole list, page by page.
    func list<Resource: Codable & Sendable>(_ path: String) async throws -> ResourceList<Resource> {
        var page: ResourceList<Resource> = try await get(path)
        var all = page.value
        while let next = page.nextLink {
            page = try await get(next)
            all += page.value
        }
        return ResourceList(all)
    }

    /// The same; `nil` when there is no such resource.
    func find<Answer: Decodable>(_ path: String, as type: Answer.Type = Answer.self) async throws -> Answer? {
        let answer = try await transfer("GET", path, body: nil)
        return answer.status == 404 ? nil : try decode(check(answer, "GET", path))
    }

    /// An answer that is not JSON.
    func text(_ path: String, accept: String) async throws -> String {
        String(buffer: try check(await transfer("GET", path, body: nil, accept: accept), "GET", path))
    }

    /// A file.
    func bytes(_ path: String) async throws -> Data {
        Data(try check(await transfer("GET", path, body: nil, accept: "*/*"), "GET", path).readableBytesView)
    }

    /// Reads a resource, changes it and puts it back, unless somebody else has changed it in between.
    func change<Resource: Codable>(
        _ path: String,
        _ body: (inout Resource) async throws -> Void
    ) async throws -> Resource {
        let answer = try await transfer("GET", path, body: nil)
        var resource: Resource = try decode(check(answer, "GET", path))
        try await body(&resource)
        return try decode(await send("PUT", path, body: JSONEncoder().encode(resource), ifMatch: answer.tag))
    }

    func put<Answer: Decodable>(_ path: String, _ body: some Encodable) async throws -> Answer {
        try decode(await send("PUT", path, body: JSONEncoder().encode(body)))
    }

    /// The same, with the id of the operation that the change has begun.
    func begin<Answer: Decodable>(_ path: String, _ body: some Encodable) async throws -> (Answer, operation: String?) {
        let answer = try await transfer("PUT", path, body: JSONEncoder().encode(body))
        return (try decode(check(answer, "PUT", path)), answer.operation)
    }

    func post<Answer: Decodable>(_ path: String, _ body: some Encodable) async throws -> Answer {
        try decode(await send("POST", path, body: JSONEncoder().encode(body)))
    }

    /// - Returns: the id of the operation that the deletion has begun.
    @discardableResult
    func delete(_ path: String) async throws -> String? {
        let answer = try await transfer("DELETE", path, body: nil)
        _ = try check(answer, "DELETE", path)
        return answer.operation
    }

    private func decode<Answer: Decodable>(_ body: ByteBuffer) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
        } catch {
            throw ClientError("\(server) gave an answer that this version does not understand")
        }
    }

    private func send(
        _ method: String,
        _ path: String,
        body: Data?,
        ifMatch tag: String? = nil
    ) async throws -> ByteBuffer {
        try check(await transfer(method, path, body: body, ifMatch: tag), method, path)
    }

    /// The body of a good answer; a bad one is thrown in the server's words.
    private func check(_ response: AdminAnswer, _ method: String, _ path: String) throws -> ByteBuffer {
        guard !(200..<300).contains(response.status) else { return response.body }
        let data = Data(response.body.readableBytesView)
        guard let answer = try? JSONDecoder().decode(APIErrorBody.self, from: data) else {
            throw ClientError("\(server) answered \(response.status) to \(method) \(path)")
        }
        throw ClientError(answer.error)
    }

    private func transfer(
        _ method: String,
        _ path: String,
        body: Data?,
        accept: String = "application/json",
        ifMatch tag: String? = nil
    ) async throws -> AdminAnswer {
        do {
            var request = request(method, path, body: body, accept: accept)
            if let tag { request.headers.append(("If-Match", tag)) }
            return try await transfer(request, body: body)
        } catch let failure as CurlFailure {
            throw explain(failure)
        }
    }

    private func request(_ method: String, _ path: String, body: Data?, accept: String) -> CurlRequest {
        var headers = [
            ("Host", String(server.dropFirst("https://".count))), ("Authorization", "Bearer \(token)"),
            ("Accept", accept),
        ]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return CurlRequest(
            method: method,
            url: server + path,
            headers: headers,
            hasBody: body != nil,
            contentLength: body?.count,
            authority: authority
        )
    }

    private func transfer(_ request: CurlRequest, body: Data?) async throws -> AdminAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let answer = loop.makePromise(of: AdminAnswer.self)
        loop.execute {
            let collector = AnswerCollector(answer: answer, limit: Self.largestAnswer)
            let transfer = curl.start(request, on: loop, delegate: collector)
            guard let body else { return }
            transfer.write(ByteBuffer(bytes: body))
            transfer.end()
        }
        return try await answer.futureResult.get()
    }

    private func explain(_ failure: CurlFailure) -> ClientError {
        switch failure.phase {
        case .connect:
            ClientError(
                "cannot reach the gateway at \(server): \(failure.reason)",
                details: ["is gatehouse serve running?"]
            )
        case .tls where !failure.isUntrusted: ClientError("no secure connection to \(server): \(failure.reason)")
        case .tls:
            ClientError(
                "\(server) could not be verified: \(failure.reason)",
                details: ["name its CA with --ca FILE, and use a name that is in its certificate with --server"]
            )
        case .send, .receive, .cancelled, .timeout: ClientError("\(server): \(failure.reason)")
        }
    }
}
