import Testing

@testable import GatewayProxy

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("/", "/"), ("/a/b", "/a/b"), ("/a%41%7e%2d", "/aA~-"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
        ("/../../b", "/b"),
        ("/a/%2e%2e/b", "/b"), ("/a/%2E/b", "/a/b"), ("/a/.%2e", "/"), ("/a/..", "/"), ("/a/.", "/a/"),
        ("/a/b/..", "/a/"),
        ("/.well-known/x", "/.well-known/x"), ("/a/...", "/a/..."), ("/a//b", "/a//b"), ("/a//../b", "/a/b"),
        ("/a/%252e%252e/b", "/a/%252e%252e/b"), ("/caf%C3%A9", "/caf%C3%A9"), ("/a%20b", "/a%20b"),
        ("/a;b=1", "/a;b=1"),
        ("/a..b/c", "/a..b/c"), ("/echo/%2e%2e/%2e%2e/smug", "/smug"),
    ])
    func `a path has one form`(target: String, path: String) throws {
        #expect(try RequestTarget(target, over: .http1) == RequestTarget(path + "?q", over: .http2).withoutQuery)
        #expect(try RequestTarget(target, over: .http1).path == path)
        // Normalising what is normal changes nothing: the path is never decoded twice.
        #expect(try RequestTarget(path, over: .http1).path == path)
    }

    @Test(arguments: [
        "/%2f", "/%2F", "/%5c", "/%5C", "/%00", "/%0d%0a", "/%7f", "/a\\b", "/%", "/%4", "/%zz", "/a b", "/a\tb",
        "/a\0",
        "/é", "/a#b", "/a?b#c", "/a?b c", "/a?é", "a", "*", "", "//x y", "/..;/a", "/.;x/a", "http:/x", "://h/a",
        "/a\u{7f}",
    ])
    func `a path that two readers could read differently is refused`(target: String) {
        #expect(throws: RequestFault.self) { try RequestTarget(target, over: .http1) }
    }

    @Test func `the query is untouched`() throws {
        let target = try RequestTarget("/a/./b?c=%2f/../%00&d?e", over: .http1)
        #expect(target.path == "/a/b")
        #expect(target.query == "c=%2f/../%00&d?e")
        #expect(try RequestTarget("/a?", over: .http1).query == "")
        #expect(try RequestTarget("/a", over: .http1).query == nil)
    }

    @Test(arguments: [
        ("localhost", "localhost"), ("LocalHost:8443", "localhost"), ("[::1]:8443", "[::1]"),
        ("[FE80::1]", "[fe80::1]"),
        ("127.0.0.1:1", "127.0.0.1"), ("a_b.example", "a_b.example"),
    ])
    func `a host is lower case and without its port`(authority: String, name: String) throws {
        #expect(try HostName(authority: authority).name == name)
    }

    @Test(arguments: Corpus.hosts)
    func `an authority that is no host is refused`(authority: String) {
        #expect(throws: RequestFault.host) { try HostName(authority: authority) }
    }
}

extension RequestTarget {
    /// The same target as if it had come without a query.
    fileprivate var withoutQuery: RequestTarget {
        get throws { try RequestTarget(path, over: .http1) }
    }
}
