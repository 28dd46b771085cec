import NIOHTTP1

extension HTTPHeaders {
    /// Adds headers whose names the gateway has written itself.
    ///
    /// NIO's `add(name:value:)` looks at every byte of a name: for the dozen headers of a request that was 4,500 instructions.
    mutating func add(known headers: [(String, String)]) {
        add(contentsOf: HTTPHeaders(headers))
    }

    /// The response headers that may go to the client: without hop-by-hop headers, what Connection lists, framing, which is
    /// written anew from the body's length, and those that only the gateway sets.
    ///
    /// - Parameter hasLimits: the answer tells of the gateway's own limits, so the upstream's would contradict them.
    func forwardableResponseHeaders(hasLimits: Bool = false) -> HTTPHeaders {
        var kept: [(String, String)] = []
        // With room for what the gateway adds.
        kept.reserveCapacity(count + 16)
        var options = ConnectionOptions()
        for (name, value) in self {
            let reading = FieldNameReading(name)
            if !reading.isLookalike, reading.name == .connection { options.add(value) }
            guard !reading.name.isHopByHop, !reading.name.isGatewaysOwn else { continue }
            if hasLimits, reading.name == .limitFamily { continue }
            kept.append((name, value.withoutOuterSpace))
        }
        guard !options.names.isEmpty else { return HTTPHeaders(kept) }
        return HTTPHeaders(kept.filter { !options.lists($0.0) })
    }

    /// The trailers that may be passed on, in either direction: none that frames, routes, authenticates or is broken.
    func forwardableTrailers() -> HTTPHeaders {
        HTTPHeaders(
            filter { name, value in
                let reading = FieldNameReading(name)
                return reading.isToken && reading.name.isForwardedTrailer && value.isFieldValue
            }.map { ($0.name, $0.value.withoutOuterSpace) }
        )
    }
}
