import Curl
import Foundation
import GatewayCore
import NIOCore

/// Fetches an issuer's keys over the network, by way of its discovery document where it has one.
///
/// No redirect is followed, and the client checks each address that it dials (SECURITY S-2).
struct KeyFetcher: Sendable {
    /// What an issuer's answer brought.
    struct Answer: Sendable {
        let keys: KeySet
        /// `max-age` of its `Cache-Control`.
        let lifetime: Duration?
    }

    /// Why there are no keys, for the log.
    struct Failure: Error, Equatable {
        let reason: String
    }

    static let timeout = Duration.seconds(5)
    private static let largest = 1024 * 1024

    let curl: CurlClient
    let plainHTTP: PlainHTTPRule
    let authority: CurlRequest.CertificateAuthority

    /// Takes no longer than `timeout` in all.
    func fetch(_ location: KeyLocation) async throws(Failure) -> Answer {
        let deadline = ContinuousClock.now + Self.timeout
        let url = try await keysURL(location, by: deadline)
        let response = try await get(url, location.reach, by: deadline)
        guard let keys = await KeySet.read(Array(response.body.readableBytesView)) else {
            throw Failure(reason: "the answer is no JSON Web Key Set")
        }
        guard !keys.isEmpty else { throw Failure(reason: "the set has no key that can be used") }
        return Answer(keys: keys, lifetime: Self.lifetime(response.head))
    }

    private func keysURL(_ location: KeyLocation, by deadline: ContinuousClock.Instant) async throws(Failure) -> String
    {
        guard let discovery = location.discovery else { return location.url }
        let response = try await get(location.url, location.reach, by: deadline)
        guard let document = JSONShape.decode(Document.self, from: Array(response.body.readableBytesView)) else {
            throw Failure(reason: "the answer is no OpenID discovery document")
        }
        guard discovery.accepts(document.issuer) else {
            throw Failure(reason: "the discovery document is of another issuer")
        }
        return document.jwks_uri
    }

    private func get(
        _ url: String,
        _ reach: Reach,
        by deadline: ContinuousClock.Instant
    ) async throws(Failure) -> CurlResponse {
        if let fault = KeyLocation.fault(of: url, plainHTTP: plainHTTP) { throw Failure(reason: fault) }
        let remaining = deadline - .now
        guard remaining > .zero else { throw Failure(reason: "not within \(Self.timeout)") }
        var request = CurlRequest(url: url, headers: [("Accept", "application/json")], authority: authority)
        request.timeout = remaining
        request.isAddressAllowed = { reach.admits($0) }
        let response: CurlResponse
        do throws(CurlFailure) {
            response = try await curl.fetch(request, limit: Self.largest)
        } catch {
            throw Failure(reason: error.description)
        }
        guard response.head.status == 200 else { throw Failure(reason: "status \(response.head.status)") }
        return response
    }

    /// The members of OpenID Connect Discovery §3 that are read.
    private struct Document: Decodable {
        let issuer: String
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let jwks_uri: String
    }

    static func lifetime(_ head: CurlHead) -> Duration? {
        for (name, value) in head.headers where name.lowercased() == "cache-control" {
            for directive in value.lowercased().split(separator: ",") {
                let words = directive.split(separator: "=", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                guard let name = words.first else { continue }
                if name == "no-store" || name == "no-cache" { return .zero }
                guard name == "max-age", words.count == 2 else { continue }
                let number = words[1].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
                guard let seconds = UInt32(number) else { continue }
                return .seconds(Int64(seconds))
            }
        }
        return nil
    }
}
