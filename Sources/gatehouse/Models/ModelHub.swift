import Curl
import Foundation
import GatewayAdmin
import NIOCore

/// The hub that `hf://` means: where its files are, and what they are.
struct ModelHub: Sendable {
    /// Without a slash at the end.
    let url: String
    /// For what only those who have one may read.
    let token: String?

    /// Where a file of a repository is fetched.
    func download(_ file: HubFile, _ path: String) -> String {
        let segments = path.split(separator: "/").map { Self.escaped(String($0)) }
        return "\(url)/\(file.repository)/resolve/\(Self.escaped(file.revision))/\(segments.joined(separator: "/"))"
    }

    /// The one GGUF file of a repository.
    func onlyModel(
        of file: HubFile,
        _ curl: CurlClient,
        _ authority: CurlRequest.CertificateAuthority,
        token: String?
    ) async throws -> HubFile {
        let address = "\(url)/api/models/\(file.repository)/revision/\(Self.escaped(file.revision))"
        let host = URLComponents(string: url).flatMap { parts in
            parts.host.map { $0 + (parts.port.map { ":\($0)" } ?? "") }
        }
        var headers = [("Host", host ?? ""), ("User-Agent", "gatehouse"), ("Accept", "application/json")]
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        var request = CurlRequest(url: address, headers: headers, authority: authority)
        request.timeout = .seconds(30)
        let response: CurlResponse
        do throws(CurlFailure) {
            response = try await curl.fetch(request, limit: 16 << 20)
        } catch {
            throw ModelPullProblem(.unreachable, "\(url) cannot be asked for the repository's files: \(error.reason)")
        }
        guard response.head.status == 200 else { throw explain(file, hasToken: token != nil)(response.head.status) }
        guard let listing = try? JSONDecoder().decode(Listing.self, from: Data(response.body.readableBytesView)) else {
            throw ModelPullProblem(.unreachable, "\(url) gave no list of the files of \(file.repository)")
        }
        return try Self.choose(from: listing.siblings.map(\.rfilename), file)
    }

    /// - Throws: when it is not one, with the names of those that there are.
    static func choose(from names: [String], _ file: HubFile) throws -> HubFile {
        let models = names.filter { $0.lowercased().hasSuffix(".gguf") }.sorted()
        guard let only = models.first, models.count == 1 else {
            let shown = models.prefix(20).joined(separator: ", ") + (models.count > 20 ? ", …" : "")
            throw ModelPullProblem(
                .invalid,
                models.isEmpty
                    ? "\(file.repository) has no GGUF file; name a repository that has one"
                    : "\(file.repository) has \(models.count) GGUF files; name one, hf://\(file.repository)/FILE: \(shown)"
            )
        }
        var chosen = file
        chosen.path = only
        return chosen
    }

    /// What to say of a bad answer.
    func explain(_ file: HubFile, hasToken: Bool) -> @Sendable (_ status: Int) -> ModelPullProblem {
        let url = url
        return { status in
            switch status {
            case 401, 403:
                ModelPullProblem(
                    .gated,
                    hasToken
                        ? """
                        \(url) refuses \(file.repository) with \(status): it is gated, private or not there, and the gateway's \
                        HF_TOKEN does not open it; accept its terms there with the account of that token
                        """
                        : """
                        \(url) refuses \(file.repository) with \(status): it is gated, private or not there; an owner of the \
                        whole gateway may pull it when HF_TOKEN is set in the gateway's environment
                        """
                )
            case 404:
                ModelPullProblem(
                    .notFound,
                    "\(url) has no \(file.text): look at the names of the repository, the file and the revision"
                )
            default: ModelPullProblem(.unreachable, "\(url) answered \(status) for \(file.text)")
            }
        }
    }

    private struct Listing: Decodable {
        struct File: Decodable {
            var rfilename: String
        }

        var siblings: [File]
    }

    /// As one segment of a path.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "-._~".utf8.contains(byte)
            let hex = String(UInt16(byte) | 0x100, radix: 16, uppercase: true).dropFirst()
            return isPlain ? String(UnicodeScalar(byte)) : "%\(hex)"
        }.joined()
    }
}
