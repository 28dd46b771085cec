import Foundation

/// Writes vectors as JSON: they are long, and an encoder that looks at each number anew takes ten times as long.
package enum VectorText {
    /// `[[…],…]`.
    package static func list(_ vectors: [[Float]]) -> [UInt8] {
        joined(vectors) { numbers($0) }
    }

    /// The body of an answer of `/v1/embeddings`.
    ///
    /// - Parameter tokens: of all texts.
    package static func embeddings(
        _ vectors: [[Float]],
        _ encoding: EmbeddingRequest.Encoding,
        model: String,
        tokens: Int
    ) throws -> [UInt8] {
        let data = joined(vectors.enumerated()) { index, vector in
            let value = encoding == .float ? numbers(vector) : Array("\"\(base64(vector))\"".utf8)
            let start = "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":"
            return Array(start.utf8) + value + [UInt8(ascii: "}")]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        let name = Array(try encoder.encode(model))
        let usage = "{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}"
        return Array("{\"object\":\"list\",\"data\":".utf8) + data + Array(",\"model\":".utf8) + name
            + Array(",\"usage\":\(usage)}".utf8)
    }

    /// Numbers are written so that reading them gives the same ones; a vector has none that JSON has no word for.
    private static func numbers(_ vector: [Float]) -> [UInt8] {
        joined(vector) { $0.description.utf8 }
    }

    private static func base64(_ vector: [Float]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for number in vector {
            let bits = number.bitPattern
            for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        }
        return Data(bytes).base64EncodedString()
    }

    private static func joined<Element>(
        _ elements: some Sequence<Element>,
        _ write: (Element) -> some Sequence<UInt8>
    ) -> [UInt8] {
        var bytes = [UInt8(ascii: "[")]
        for element in elements {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += write(element)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }
}
