import GatewayCore
import Testing

@Suite struct MultipartBodyTests {
    private static let contentType = "multipart/form-data; boundary=xYz"

    private static func form(_ parts: [(head: String, content: String)], boundary: String = "xYz") -> String {
        parts.map { "--\(boundary)\r\n\($0.head)\r\n\r\n\($0.content)\r\n" }.joined() + "--\(boundary)--\r\n"
    }

    private static let file = (
        head: "Content-Disposition: form-data; name=\"file\"; filename=\"model\"\r\nContent-Type: audio/wav",
        content: "RIFF\0name=\"model\"\r\n\r\nwrong\r\n"
    )
    private static let model = (head: "Content-Disposition: form-data; name=\"model\"", content: "whisper-1")

    @Test func `the part called model is the model, wherever it stands`() {
        #expect(fields(of: Self.form([Self.model, Self.file]), contentType: Self.contentType).model == "whisper-1")
        #expect(fields(of: Self.form([Self.file, Self.model]), contentType: Self.contentType).model == "whisper-1")
    }

    @Test(arguments: [
        "multipart/form-data; boundary=xYz", "multipart/form-data; boundary=\"xYz\"",
        "Multipart/Form-Data; charset=utf-8; Boundary=xYz",
        "multipart/form-data;boundary= xYz",
    ])
    func `the boundary is found in every spelling`(contentType: String) {
        #expect(fields(of: Self.form([Self.model]), contentType: contentType).model == "whisper-1")
    }

    @Test func `the upstream's model takes the place of the part's content`() {
        let body = Self.form([Self.file, Self.model])
        let changed = edited(body, contentType: Self.contentType, model: "base.en", askForUsage: false)
        #expect(changed == Self.form([Self.file, (head: Self.model.head, content: "base.en")]))
    }

    @Test func `a form without a model, or one cut before its end, has none`() {
        #expect(fields(of: Self.form([Self.file]), contentType: Self.contentType).model == nil)
        let body = Self.form([Self.model])
        let end = body.utf8.count - "\r\n--xYz--\r\n".utf8.count
        for count in 0..<end {
            let cut = String(decoding: Array(body.utf8.prefix(count)), as: UTF8.self)
            #expect(fields(of: cut, contentType: Self.contentType).model == nil, "cut at \(count)")
        }
    }

    @Test func `an empty model part is an empty name`() {
        let body = Self.form([(head: Self.model.head, content: "")])
        #expect(fields(of: body, contentType: Self.contentType).model == "")
    }

    @Test func `a form is never streamed and nothing is put into it`() {
        let body = Self.form([Self.file])
        #expect(!fields(of: body, contentType: Self.contentType).isStreamed)
        #expect(edited(body, contentType: Self.contentType, model: "m", askForUsage: true) == body)
    }
}
