import Testing

@testable import GatewayProxy

/// What the decoder alone lets through, and what the gateway answers to it: the reason for every rule in front.
@Suite struct DecoderDifferenceTests {
    private static let everything =
        Corpus.accepted + Corpus.heads + Corpus.chunks.map(Corpus.chunked)
        + Corpus.codings.map { Corpus.request([$0], body: "0\r\n\r\n") }
        + Corpus.lengths.map { Corpus.request(["Content-Length: " + $0], body: "hello") }

    @Test(arguments: everything)
    func `guard and decoder see a request end at the same byte`(request: String) throws {
        try expectSameEnds(Array((request + Corpus.smuggled + request).utf8))
    }

    @Test(arguments: 0..<UInt64(8))
    func `guard and decoder see a mutated request end at the same byte`(seed: UInt64) throws {
        var mutator = Mutator(seed: seed)
        for _ in 0..<Self.mutations {
            try expectSameEnds(mutator.mutate(Self.everything) + Array(Corpus.smuggled.utf8))
        }
    }

    private static let mutations = 50

    private func expectSameEnds(_ bytes: [UInt8]) throws {
        let ours = RequestEnds(guarding: bytes)
        let theirs = try RequestEnds(decoding: bytes)
        // Up to where the first of the two stops, both have seen the same requests.
        let stop = min(ours.stop, theirs.stop)
        let text = String(decoding: bytes, as: UTF8.self).debugDescription
        #expect(ours.ends.filter { $0 <= stop } == theirs.ends.filter { $0 <= stop }, "\(text)")
    }

    @Test(arguments: laxities)
    func `the decoder alone lets this through and the gateway does not`(request: String, status: Int) throws {
        #expect(try Wire.statuses(Array(request.utf8), isGuarded: false).first == 200)
        #expect(try Wire.statuses(Array(request.utf8)) == [status])
    }

    /// Measured on swift-nio 2.101.2: what its decoder accepts, and our answer.
    private static let laxities: [(String, Int)] = [
        ("GET /a HTTP/1.1\r\n\r\n", 400), ("GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
        ("GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET /a  HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("\rGET /a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501), ("TRACE /a HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        ("GET /a#f HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (Corpus.request(["Transfer-Encoding: gzip, chunked"], body: "0\r\n\r\n"), 501),
        (Corpus.request(["Transfer-Encoding: ,chunked"], body: "0\r\n\r\n"), 501),
        (Corpus.request(["Transfer-Encoding: x\r\nTransfer-Encoding: chunked"], body: "0\r\n\r\n"), 501),
        (Corpus.request(["Transfer-Encoding: cow"], body: "0\r\n\r\n"), 501),
        (Corpus.request(["Transfer-Encoding:"], body: "0\r\n\r\n"), 501),
        (Corpus.request(["Transfer-Encoding: chunked"], line: "POST /a HTTP/1.0", body: "0\r\n\r\n"), 400),
        (Corpus.request(["Content-Length: 9223372036854775808"], body: "hello"), 400),
    ]
}

/// The bytes at which a reader sees requests end, read byte by byte, and where it stops reading.
private struct RequestEnds {
    var ends: [Int] = []
    var stop: Int

    init(guarding bytes: [UInt8]) {
        var rules = HTTP1Guard()
        stop = bytes.count
        for (index, byte) in bytes.enumerated() {
            let wasBetween = rules.isBetweenRequests
            if case .violation = rules.read([byte].span) {
                stop = index
                return
            }
            if rules.phase == .silent || (rules.phase == .start && !wasBetween) { ends.append(index + 1) }
            if rules.phase == .silent {
                stop = index + 1
                return
            }
        }
    }

    init(decoding bytes: [UInt8]) throws {
        stop = bytes.count
        for (index, count, hasError) in try Wire.progress(bytes) {
            if hasError {
                stop = index
                return
            }
            if count > ends.count { ends.append(index + 1) }
        }
    }
}

/// Makes malformed requests out of the corpus; the same seed makes the same ones.
private struct Mutator {
    private var state: UInt64
    private static let bytes = Array("\r\n\r\n  \t:;,0159afFxX-_%/?#\0\u{7f}\u{b}\u{1}é".utf8)

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func mutate(_ corpus: [String]) -> [UInt8] {
        var bytes = Array(corpus[random(corpus.count)].utf8)
        for _ in 0...random(3) {
            let position = random(bytes.count)
            switch random(4) {
            case 0: bytes.remove(at: position)
            case 1: bytes.insert(Self.bytes[random(Self.bytes.count)], at: position)
            case 2: bytes[position] = Self.bytes[random(Self.bytes.count)]
            default: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + random(12))], at: position)
            }
        }
        return bytes
    }

    private mutating func random(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }
}
