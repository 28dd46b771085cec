import Foundation
import GatewayAPI
import HTTPTypes
import Hummingbird

/// A part of a list, and where the next part is.
struct Page<Element> {
    let elements: [Element]
    let nextLink: String?

    /// Reads `limit` and `after` of a request.
    ///
    /// - Parameter key: unique in the list.
    init(_ all: [Element], _ request: Request, key: (Element) -> String) throws(APIError) {
        let limit = try Page<Never>.limit(request)
        var rest = all[...]
        if let after = request.uri.queryParameters["after"].map({ String($0) }) {
            // One that was removed meanwhile: lists are in the order of their keys.
            rest =
                all.firstIndex { key($0) == after }.map { all[($0 + 1)...] }
                ?? all[(all.firstIndex { key($0) > after } ?? all.endIndex)...]
        }
        elements = Array(rest.prefix(limit))
        guard rest.count > limit, let last = elements.last else {
            nextLink = nil
            return
        }
        nextLink = Page<Never>.link(request, after: key(last))
    }

    /// One that was read in pages already.
    init(_ elements: [Element], nextLink: String?) {
        self.elements = elements
        self.nextLink = nextLink
    }

    func answer<Resource: Codable & Sendable>(_ resource: (Element) throws -> Resource) rethrows -> Response {
        .json(ResourceList(try elements.map(resource), nextLink: nextLink))
    }
}

extension Page where Element == Never {
    static var largest: Int { 1000 }

    static func limit(_ request: Request) throws(APIError) -> Int {
        guard let text = request.uri.queryParameters["limit"] else { return largest }
        guard let limit = Int(text), (1...largest).contains(limit) else {
            throw APIError(.invalid, "limit must be 1 to \(largest)", target: "limit")
        }
        return limit
    }

    /// The same request, one page on.
    static func link(_ request: Request, after key: String) -> String {
        var parts = URLComponents()
        parts.path = request.uri.path
        parts.queryItems =
            request.uri.queryParameters.filter { $0.key != "after" }
            .map { URLQueryItem(name: String($0.key), value: String($0.value)) }
            + [URLQueryItem(name: "after", value: key)]
        // A plus is a space to whoever decodes forms.
        return (parts.string ?? request.uri.path).replacing("+", with: "%2B")
    }
}
