/// A compiled deployment: its instances and how to talk to them.
package final class Deployment: Sendable {
    package let name: String
    package let isNative: Bool
    package let instances: [Instance]
    /// Bounds the whole answer, or the time to the first byte of an event stream.
    package let timeout: Duration
    /// The `model` value that the upstream expects; `nil` leaves the caller's.
    package let upstreamModel: String?
    /// Added to every request, values resolved.
    package let headers: [UpstreamHeader]
    /// PEM file that an `https:` upstream's chain must end in; `nil` = the system's.
    package let certificateAuthority: String?
    /// `name:version` for `x-gatehouse-model`, where known.
    package let modelLabel: String?
    /// The version of the model that it serves, where known: what callers of a fixed URL ask for.
    package let version: String?
    /// `nil` leaves paths as they are.
    package let path: PathRewrite?
    /// Of the caller's headers, those that the upstream does not get.
    package let removedHeaders: [String]
    package let usage: UsageScope?
    package let price: Price?
    private let cursor: RoundRobin

    package init(
        name: String,
        isNative: Bool,
        instances: [Instance],
        timeout: Duration,
        upstreamModel: String? = nil,
        headers: [UpstreamHeader] = [],
        certificateAuthority: String? = nil,
        modelLabel: String? = nil,
        version: String? = nil,
        path: PathRewrite? = nil,
        removedHeaders: [String] = [],
        usage: UsageScope? = nil,
        price: Price? = nil
    ) {
        self.name = name
        self.isNative = isNative
        self.instances = instances
        self.timeout = timeout
        self.upstreamModel = upstreamModel
        self.headers = headers
        self.certificateAuthority = certificateAuthority
        self.modelLabel = modelLabel
        self.version = version
        self.path = path
        self.removedHeaders = removedHeaders
        self.usage = usage
        self.price = price
        cursor = RoundRobin()
    }

    /// Whether a request that moves there is counted and priced as before.
    func isCounted(like other: Deployment) -> Bool { usage == nil && other.usage == nil && price == other.price }

    /// The next ready instance in turn that is none of the `excluded`; `nil` when there is none.
    package func pickInstance(except excluded: [Instance] = []) -> Instance? {
        let start = cursor.next(below: instances.count)
        for offset in instances.indices {
            let index = start + offset < instances.count ? start + offset : start + offset - instances.count
            let instance = instances[index]
            if instance.isReady, !excluded.contains(where: { $0 === instance }) { return instance }
        }
        return nil
    }
}
