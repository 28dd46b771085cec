import GatewayAPI
import GatewayStore
import HTTPTypes
import Hummingbird
import NIOCore

extension APIError {
    var status: HTTPResponse.Status {
        switch code {
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .invalid: .badRequest
        case .notFound: .notFound
        case .conflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .tooManyRequests: .tooManyRequests
        case .methodNotAllowed: .methodNotAllowed
        case .tooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .failed: .internalServerError
        }
    }

    var response: Response {
        let problem = APIErrorBody.Problem(code: code.word, message: message, target: target, details: details)
        var response = Response.json(APIErrorBody(error: problem), status: status)
        if code == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"gatehouse admin\"" }
        if case .tooManyRequests(let seconds) = code { response.headers[.retryAfter] = "\(seconds)" }
        return response
    }

    /// The one place that knows what an error of any module means to an operator; `nil` for what only the log may see.
    init?(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as DecodingError: self.init(error)
        case let error as StoreError:
            guard let known = APIError(error) else { return nil }
            self = known
        case is NIOTooManyBytesError: self.init(.tooLarge, "the body is over \(JSONBody.size(JSONBody.limit))")
        case let error as HTTPError where error.status == .notFound:
            self.init(.notFound, "there is nothing at this URL")
        case let error as HTTPError where error.status.kind == .clientError:
            self.init(.invalid, error.body ?? error.status.reasonPhrase)
        default: return nil
        }
    }

    private init?(_ error: StoreError) {
        switch error {
        case .invalid(let problems):
            guard let first = problems.first else { return nil }
            let details = problems.map(APIErrorBody.Detail.init)
            let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
            self.init(.invalid, first.message + more, target: first.resource, details: details)
        case .notFound(let resource): self.init(.notFound, "there is no \(resource)", target: resource)
        case .conflict(let problem): self.init(.conflict, problem.message, target: problem.resource)
        case .preconditionFailed(let resource, let reason):
            self.init(.preconditionFailed, "\(resource) \(reason)", target: resource)
        case .forbidden(let reason): self.init(.forbidden, reason)
        case .busy(let seconds): self.init(.tooManyRequests(seconds), "many log in at once; wait \(seconds) s")
        case .unavailable: return nil
        }
    }
}

extension APIErrorBody.Detail {
    fileprivate init(_ problem: Problem) {
        let target = problem.field.isEmpty ? problem.resource : "\(problem.resource).\(problem.field)"
        self.init(code: problem.code.rawValue, message: problem.message, target: target)
    }
}
