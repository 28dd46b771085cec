import NIOCore

extension RawClient {
    /// An answer's status and headers, names in lower case.
    package struct Head: Sendable {
        package let status: Int
        package let headers: [String: String]

        package subscript(name: String) -> String? { headers[name] }
    }

    /// A whole answer.
    package struct Answer: Sendable {
        package let head: Head
        package let body: String
        package let trailers: [String: String]

        package var status: Int { head.status }
        package subscript(name: String) -> String? { head[name] }
    }

    /// Sends a request with the key of `demo/chat` unless told otherwise.
    package func request(
        _ method: String,
        _ target: String,
        key: String? = RunningGateway.key,
        _ headers: [(String, String)] = [],
        body: String? = nil
    ) async throws {
        var lines = ["\(method) \(target) HTTP/1.1", "host: localhost"]
        if let key { lines.append("authorization: Bearer \(key)") }
        for (name, value) in headers { lines.append("\(name): \(value)") }
        if let body, !headers.contains(where: { $0.0 == "transfer-encoding" }) {
            lines.append("content-length: \(body.utf8.count)")
        }
        try await send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    package func head() async throws -> Head {
        let status = try await line().split(separator: " ")
        return Head(status: status.count > 1 ? Int(status[1]) ?? 0 : 0, headers: try await fields())
    }

    /// The next chunk of a chunked body; `nil` is the last, and its trailers are still to be read.
    package func chunk() async throws -> String? {
        let text = try await line()
        guard let size = Int(text, radix: 16) else { throw UnexpectedBytes(count: text.utf8.count) }
        guard size > 0 else { return nil }
        let bytes = try await bytes(size)
        _ = try await line()
        return String(buffer: bytes)
    }

    /// Reads chunks until this text has come.
    package func chunks(until text: String) async throws {
        var all = ""
        while !all.contains(text) {
            guard let chunk = try await chunk() else { throw GatewayClosed() }
            all += chunk
        }
    }

    package func answer(to method: String = "GET") async throws -> Answer {
        let head = try await head()
        if head["transfer-encoding"] == "chunked" {
            var body = ""
            while let chunk = try await chunk() { body += chunk }
            return Answer(head: head, body: body, trailers: try await fields())
        }
        let count = method == "HEAD" ? 0 : Int(head["content-length"] ?? "0") ?? 0
        return Answer(head: head, body: count > 0 ? String(buffer: try await bytes(count)) : "", trailers: [:])
    }

    /// A request and its whole answer.
    package func exchange(
        _ method: String,
        _ target: String,
        key: String? = RunningGateway.key,
        _ headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Answer {
        try await request(method, target, key: key, headers, body: body)
        return try await answer(to: method)
    }

    /// Header lines up to the empty one.
    private func fields() async throws -> [String: String] {
        var fields: [String: String] = [:]
        while true {
            let line = try await line()
            guard !line.isEmpty else { return fields }
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            let name = line[..<colon].lowercased()
            // One that comes twice shows as a list, as browsers read it.
            fields[name] = fields[name].map { "\($0), \(value)" } ?? String(value)
        }
    }
}
