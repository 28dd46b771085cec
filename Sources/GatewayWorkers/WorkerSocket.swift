/// Where an instance listens: a path that is short whatever the deployment's name, and another one when its settings change.
package enum WorkerSocket {
    /// What `sockaddr_un` holds, without the final zero.
    private static let longest = 107

    /// The sockets of a specification's instances, in order.
    package static func paths(
        of specification: WorkerSpecification,
        in directory: String
    ) throws(WorkerFailure) -> [String] {
        var paths: [String] = []
        for copy in specification.copies { paths.append(try path(of: copy, specification, in: directory)) }
        return paths
    }

    private static func path(
        of copy: WorkerSpecification.Copy,
        _ specification: WorkerSpecification,
        in directory: String
    ) throws(WorkerFailure) -> String {
        let settings = [specification.id] + specification.commandLine(socket: "")
        let given = copy.index < specification.socketPaths.count ? specification.socketPaths[copy.index] : nil
        let path = given ?? "\(directory)/\(digest(settings)).\(copy.index).sock"
        guard path.utf8.count <= longest else {
            throw WorkerFailure.socketPathTooLong(path: path, limit: longest)
        }
        return path
    }

    /// FNV-1a: the same in every process, which Swift's own hash is not; nobody who picks names gains by a collision.
    private static func digest(_ parts: [String]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in parts.joined(separator: "\u{0}").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
