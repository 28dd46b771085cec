import Foundation
import GatewayStore

/// Why a pull has failed, in words.
extension ModelPulls {
    static func failure(_ problem: ModelPullProblem) -> ControlOperation.Failure {
        ControlOperation.Failure(code: problem.code.rawValue, message: problem.message)
    }

    static func cancelled(by author: String) -> ModelPullProblem {
        ModelPullProblem(
            .cancelled,
            "it was cancelled by \(author); what was fetched stays, and asking for it again goes on with that"
        )
    }

    static func problem(_ error: any Error) -> ModelPullProblem {
        switch error {
        case let problem as ModelPullProblem: problem
        case let error as APIError: ModelPullProblem(.failed, "\(error)")
        case let error as StoreError: ModelPullProblem(.failed, error.description)
        case is CancellationError:
            ModelPullProblem(
                .interrupted,
                "the gateway was stopped in the middle; ask for it again, and it goes on where it was"
            )
        case let error as CocoaError where error.code == .fileWriteOutOfSpace:
            ModelPullProblem(.noRoom, "the disk of models: is full; make room, and ask for it again")
        default: ModelPullProblem(.failed, "the file cannot be kept: \(error.localizedDescription)")
        }
    }
}
