/// Where one worker goes and what it computes with: what is decided anew for each start.
struct WorkerSite: Sendable, Hashable {
    var placement: Placement
    /// `nil`: what the program has as its own.
    var threads: Int?
    /// Further arguments of the program.
    var arguments: [String]
    /// Whether it is on the CPU only because the machine's devices could not be listed.
    var isStopgap = false

    /// Where nothing is known of devices: the program decides.
    static let unknown = WorkerSite(placement: .host(reason: nil), threads: nil, arguments: [])
}
