import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads the JSON body of an admin request, up to a bound.
enum JSONBody {
    static let limit = 4 << 20

    /// - Parameter limit: bytes that the body may have.
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from request: Request,
        upTo limit: Int = limit
    ) async throws -> Value {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError(.tooLarge, "the body is over \(size(limit))")
        }
        guard body.readableBytes > 0 else { throw APIError(.invalid, "the body is empty, a JSON object is needed") }
        let data = Data(body.readableBytesView)
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
            throw APIError(unfitNumberIn: data) ?? APIError(DecodingError.dataCorrupted(context))
        }
    }

    /// Keeps forms of other origins out, besides the credential, which they cannot send; a body without a type passes.
    ///
    /// - Throws: unsupported media type, when it says that it is something else.
    static func requireType(_ headers: HTTPFields) throws(APIError) {
        for type in headers[values: .contentType] where !isJSON(type) {
            let advice = "the body must be JSON; add -H 'content-type: application/json'"
            throw APIError(.unsupportedMediaType, "the content type is \(type.prefix(100).debugDescription), \(advice)")
        }
    }

    /// `application/json`, `application/merge-patch+json`, with parameters or without.
    private static func isJSON(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        return name == "application/json" || (name.hasPrefix("application/") && name.hasSuffix("+json"))
    }

    static func size(_ bytes: Int) -> String { bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB" }
}

extension Response {
    /// An answer as JSON with its members in alphabetical order.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        guard let data = try? encoder.encode(value) else { return Response(status: .internalServerError) }
        return text(String(decoding: data, as: UTF8.self) + "\n", type: "application/json", status: status)
    }

    static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    static var noContent: Response { Response(status: .noContent) }
}
