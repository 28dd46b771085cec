/// Where a deployment leads the paths of requests, and which of them use tokens there; made with the snapshot.
struct UpstreamPaths: Sendable {
    private let rewrite: PathRewrite?
    private let isNative: Bool
    /// What stands before an unchanged path, by the URL of each instance; each once.
    private let bases: [PathReading]
    /// The same where the rewriting adds its prefix.
    private let prefixes: [PathReading]
    /// Whether every request's own path is all that its upstream sees.
    let arePlain: Bool

    init(_ rewrite: PathRewrite?, isNative: Bool, instances: [Instance]) {
        self.rewrite = rewrite
        self.isNative = isNative
        var bases: [PathReading] = []
        for instance in instances {
            let base = PathReading().followed(by: instance.address.basePath)
            if !bases.contains(base) { bases.append(base) }
        }
        self.bases = bases
        prefixes = rewrite.map { rewrite in bases.map { $0.followed(by: rewrite.addPrefix) } } ?? []
        arePlain = rewrite == nil && !isNative && bases.allSatisfy { $0 == PathReading() }
    }

    /// The path on the instances.
    func path(_ path: String) -> String { rewrite?.rewrite(path) ?? path }

    /// How the usage of a call of this path is read; of several ways, as its instances' URLs differ, the one that counts most.
    ///
    /// - Parameter own: what the path says by itself: what a caller calls chat is counted as that, whatever it is led to.
    func usage(of path: String, own: UsageFormat?) -> UsageFormat? {
        if arePlain { return own }
        // A worker takes there what its kind of model takes elsewhere, chat bodies among it.
        if rewrite == nil, isNative, path == Self.scoring { return .openAI }
        let stripped = rewrite?.strippedLength(of: path)
        return path.withBytes { bytes in
            var found = own
            for reading in stripped == nil ? bases : prefixes {
                var reading = reading
                reading.read(bytes.extracting((stripped ?? 0)..<bytes.count))
                if found == nil || found == .other { found = reading.usage ?? found }
            }
            return found
        }
    }

    private static let scoring = "/score"
}
