import Testing

@testable import GatewayAdmin

@Suite struct ModelSourceTests {
    @Test(arguments: [
        ("hf://org/name", HubFile(repository: "org/name", path: nil)),
        ("hf://org/name/a/b.gguf", HubFile(repository: "org/name", path: "a/b.gguf")),
        ("hf://org/name@v1.0", HubFile(repository: "org/name", path: nil, revision: "v1.0")),
        ("hf://org/name/b.gguf@refs/pr/3", HubFile(repository: "org/name", path: "b.gguf", revision: "refs/pr/3")),
    ])
    func `a file of the hub is named by repository, path and revision`(text: String, file: HubFile) throws {
        #expect(try ModelSource(text) == .hub(file))
        #expect(try ModelSource(text).shown == text)
    }

    @Test(arguments: [
        "hf://org", "hf://org/", "hf://../name", "hf://org/name/../x", "hf://org/name//x", "hf://org/name@",
        "hf://o rg/n",
        "hf://org/name@a/../b", "http://example.com/a.gguf", "https://", "https://user:pass@example.com/a.gguf",
        "file:relative.gguf", "file://host/a.gguf", "ftp://a/b", "", "https://example.com/\u{7}", "/models/a.gguf",
    ])
    func `what is no source is refused`(text: String) {
        #expect(throws: ModelPullProblem.self) { try ModelSource(text) }
    }

    @Test func `the query of a URL, which may be a signature, is not shown`() throws {
        let source = try ModelSource("https://example.com/small.gguf?signature=canary")
        #expect(source.shown == "https://example.com/small.gguf")
        #expect(source == .web("https://example.com/small.gguf?signature=canary"))
    }

    @Test func `a file of the machine is named by its absolute path`() throws {
        #expect(try ModelSource("file:/models/a%20b.gguf") == .file("/models/a b.gguf"))
        #expect(try ModelSource("file:///models/a.gguf") == .file("/models/a.gguf"))
    }

    @Test(arguments: [
        ("hf://org/Small-GGUF", "Small-GGUF"), ("https://example.com/x/My%20Model.Q4.gguf?x=1", "My-Model.Q4"),
        ("https://example.com", "example.com"), ("file:/a/.hidden.gguf", "hidden"),
    ])
    func `a model is called as its repository or file where nobody says it`(text: String, name: String) throws {
        #expect(try ModelSource(text).suggestedName == name)
    }

    @Test(
        arguments: [
            ("200GiB", 200 << 30), ("1 TiB", 1 << 40), ("500MB", 500_000_000), ("7", 7), ("3kB", 3000),
        ] as [(String, Int64)]
    )
    func `a size is a number with its unit`(text: String, bytes: Int64) {
        #expect(ByteText.bytes(text) == bytes)
    }

    @Test(arguments: ["", "GiB", "-1GiB", "1.5GiB", "99999999999TiB", "1 PB", "ten"])
    func `what is no size is none`(text: String) {
        #expect(ByteText.bytes(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (3 << 30, "3 GiB"), (150 << 20, "150 MiB"),
        ] as [(Int64, String)]
    )
    func `a size is shown as people read it`(bytes: Int64, text: String) {
        #expect(ByteText.text(bytes) == text)
    }
}
