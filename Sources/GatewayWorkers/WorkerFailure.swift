/// Why workers cannot do what is asked of them.
package enum WorkerFailure: Error, Equatable, CustomStringConvertible {
    case socketPathTooLong(path: String, limit: Int)
    case unknownDeployment(String)
    case notReady(deployment: String, reason: String)
    case stopped

    package var description: String {
        switch self {
        case .socketPathTooLong(let path, let limit):
            "the socket path \(path) has \(path.utf8.count) bytes and may have \(limit): set workers.runtime to a shorter directory"
        case .unknownDeployment(let id): "no worker is wanted for \(id)"
        case .notReady(let deployment, let reason): "the workers of \(deployment) are not ready: \(reason)"
        case .stopped: "the workers are being stopped"
        }
    }
}
