import GatewayCore

extension CapturedMessage {
    /// How files begin that are compressed, whatever they are called.
    private static let beginnings: [(coding: String, bytes: [UInt8])] = [
        ("gzip", [0x1f, 0x8b]), ("zstd", [0x28, 0xb5, 0x2f, 0xfd]), ("zip", [0x50, 0x4b, 0x03, 0x04]),
        ("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), ("bzip2", [0x42, 0x5a, 0x68]), ("compress", [0x1f, 0x9d]),
        ("7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), ("lz4", [0x04, 0x22, 0x4d, 0x18]),
        ("snappy", [0xff, 0x06, 0x00, 0x00, 0x73]),
    ]
    private static let mostCodings = 4

    /// What its headers say was done to the body, in order; there may be several of them, each a list.
    var codings: [String] {
        headers.lazy.filter { $0.name.utf8.count == 16 && $0.name.lowercased() == "content-encoding" }
            .flatMap { $0.value.lowercased().split { $0 == "," || $0.isWhitespace }.map(String.init) }
            .filter { $0 != "identity" }
    }

    /// Without its content codings, so that it can be looked through: a body that cannot is not kept.
    ///
    /// A file that is compressed is treated alike.
    func decoded() -> CapturedMessage {
        guard !body.isEmpty else { return self }
        let codings = codings
        var message = self
        for coding in codings.suffix(Self.mostCodings).reversed() {
            guard message.decode(coding) else { return message }
        }
        if codings.count > Self.mostCodings { message.removeBody(compressedWith: codings[0]) }
        if let file = message.fileCoding { _ = message.decode(file) }
        return message
    }

    /// How the body is compressed that is no text, as its first bytes tell.
    private var fileCoding: String? {
        guard let file = Self.beginnings.first(where: { body.starts(with: $0.bytes) }), !isText else { return nil }
        return file.coding
    }

    /// - Returns: `false` when there is only a note any more.
    private mutating func decode(_ coding: String) -> Bool {
        guard ["gzip", "x-gzip", "deflate"].contains(coding),
            let expanded = Inflate.beginning(of: body, pieces: pieces.map(\.offset), most: CaptureRule.longestBody)
        else {
            removeBody(compressedWith: coding)
            return false
        }
        body = expanded.bytes
        isTruncated = isTruncated || expanded.isCut
        movePieces(to: expanded.offsets)
        return true
    }

    /// What a piece brought of which nothing could be read yet came with the next one.
    private mutating func movePieces(to offsets: [Int]) {
        let ends = offsets.dropFirst() + [body.count]
        pieces = zip(pieces, zip(offsets, ends)).compactMap { piece, range in
            range.0 < range.1 ? Piece(offset: range.0, microseconds: piece.microseconds) : nil
        }
    }

    private mutating func removeBody(compressedWith coding: String) {
        replaceBody(with: "[removed: it was compressed with \(coding.prefix(32)), and cannot be looked through]")
    }
}
