/// Requests that are one request to nobody, or to everybody: the seeds of every table here.
enum Corpus {
    static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

    static func request(_ headers: [String], line: String = "POST /a HTTP/1.1", body: String = "") -> String {
        ([line, "Host: h"] + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    static func chunked(_ body: String) -> String { request(["Transfer-Encoding: chunked"], body: body) }

    /// Transfer-Encoding in the spellings that parsers have disagreed about; each one is to be refused.
    static let codings = [
        "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked", "Transfer-Encoding\n: chunked", "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: 'chunked'", "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: chunked foo",
        "Transfer-Encoding: \u{b}chunked", "Transfer-Encoding: \u{c}chunked", "Transfer-Encoding: chunked\0",
        "Transfer-Encoding: \u{a0}chunked", "Transfer-Encoding: chun\u{212a}ed", "Transfer-Encoding: chunked\r\n x",
        "Transfer-Encoding:\r\n chunked", "Transfer-Encoding:", "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: chunked,", "Transfer-Encoding: cow", "Transfer-Encoding: \u{8}chunked",
        "Transfer-Encoding\u{7f}: chunked", "Transfer-Encoding: ", "Transfer-Encoding: chunke",
    ]

    /// Content-Length values that are not one number.
    static let lengths = [
        "+5", "-5", "0x5", "5 5", "5.0", "5e0", "1_0", "5;", "\u{b}5", "5\0", "\u{ff15}", "\u{0665}",
        "18446744073709551621", "9223372036854775808", "99999999999999999999", "5, 6", "5, 5", "5,", "\"5\"", "five",
        "", "5a", "5\n", "5\r\nContent-Length: 6", "5\r\nContent-Length: 5",
    ]

    /// Chunked bodies that are malformed.
    static let chunks = [
        "0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n",
        "0_5\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFF1\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n", "8000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\0\r\nhello\r\n0\r\n\r\n", "\u{b}5\r\nhello\r\n0\r\n\r\n", "5.0\r\nhello\r\n0\r\n\r\n",
        "5,5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n", "5;a\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\n", "5\r\nhello\r\n0\r\nX: y\n\r\n",
        "5\r\nhello\r\n0\r\n X: y\r\n\r\n",
        "5\r\nhello\r\n0\r\nX y: z\r\n\r\n", "5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n", "5;\u{1}\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nX\r\n\r\n", "5\r\nhello\r\rhello",
    ]

    /// Whole requests that are malformed in their lines and names.
    static let heads = [
        "GET /a HTTP/1.1\nHost: h\n\n", "GET /a HTTP/1.1\rHost: h\r\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nX: 1\nY: 2\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\n\n", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nX: 1\r\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nX-\0A: b\r\n\r\n", "GET /a\0x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nX: a\u{1}b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\u{7f}b\r\n\r\n",
        "GET /a\u{1}x HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a\u{7f}x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a HTTP/1.1\r\n X: y\r\nHost: h\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n", "GET /a HTTP/1.1\r\nHost:\r\n h\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX A: b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nX-A : b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX(A): b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nX/A: b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX-é: b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nJustText\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX@A: b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\n\"X\": b\r\n\r\n", " GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET\t/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a HTTP/1.1 \r\nHost: h\r\n\r\n",
        "GET /a\u{b}HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a  HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a\r\n\r\n",
        "get /a HTTP/1.1\r\nHost: h\r\n\r\n", "GE(T /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "G\0ET /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET: /a HTTP/1.1\r\nHost: h\r\n\r\n", "FROB /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "CONNECT /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "TRACE /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a#f HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /aé HTTP/1.1\r\nHost: h\r\n\r\n", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET ftp://h/a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "GET /a HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost:\r\n\r\n", "GET /a HTTP/1.1\r\nHost : h\r\n\r\n",
        "\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "\rGET /a HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n\r\n\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /%2fa HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n",
    ]

    /// Versions that are refused.
    static let versions = [
        "HTTP/2.0", "HTTP/9.9", "HTTP/1.2", "http/1.1", "HTTP/1.10", "HTTP/1.1x", "HTTP/ 1.1", "HTTP/01.1", "HTTP/",
        "ICE/1.0", "HTTP/0.3", "HTTP/-1.1", "HTTP/1,1", "HTTP/0.9", "RTSP/1.0", "HTTP/1.",
    ]

    /// Host values that are refused.
    static let hosts = [
        "a b", "a/b", "a@b", "a,b", "a\u{1}b", "h:abc", "h:999999", "h:65536", "h:", "[::1", "a?b", "<x>", "[]",
        "[g::1]", "é",
        "[::1]x", ":80", "a\"b", "a%41",
    ]

    /// Requests that are accepted, with the events they make.
    static let accepted: [String] = [
        request([], line: "GET /a HTTP/1.1"), request(["Content-Length: 5"], body: "hello"),
        request(["Content-Length:5"], body: "hello"), request(["Content-Length:  5  "], body: "hello"),
        request(["Content-Length: \t5\t"], body: "hello"),
        request(["Content-Length: 0005"], body: "hello"), request(["Content-Length: 0"]),
        chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), chunked("A\r\n0123456789\r\n0\r\n\r\n"),
        chunked("00005\r\nhello\r\n000\r\n\r\n"), chunked("5;a=b\r\nhello\r\n0\r\n\r\n"),
        chunked("5;a=\"b;c\"\r\nhello\r\n0;x\r\n\r\n"), chunked("5\r\nhello\r\n0\r\nX-T: v\r\nY: w\r\n\r\n"),
        request(["tRANSFER-eNCODING: cHuNkEd"], body: "1\r\na\r\n0\r\n\r\n"),
        request(["Transfer-Encoding:chunked"], body: "1\r\na\r\n0\r\n\r\n"),
        request(["Transfer-Encoding:\tchunked "], body: "1\r\na\r\n0\r\n\r\n"),
        request(["X: a\tb", "Y:", "Z: caf\u{e9}"], line: "GET /a?b=%0d%0a HTTP/1.1"),
        "\r\n\r\n" + request([], line: "GET /a HTTP/1.1"), request(["Connection: keep-alive"], line: "GET /a HTTP/1.0"),
        request(["Content_Length: 9", "Transfer_Encoding: chunked"], line: "GET /a HTTP/1.1"),
        request(["X-Content-Length: 9"], line: "GET http://h/a HTTP/1.1"),
    ]
}
