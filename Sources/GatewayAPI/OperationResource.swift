/// A change that takes longer than its request; only in answers.
package struct OperationResource: Codable, Sendable, Equatable {
    /// Something that happened.
    package struct Step: Codable, Sendable, Equatable {
        /// Since the operation's start: `0:01:59.2`.
        package var elapsed: String
        package var text: String

        package init(elapsed: String, text: String) {
            self.elapsed = elapsed
            self.text = text
        }
    }

    package var id: String
    /// `tenant/endpoint/deployment`, `apply`, or `tenant/model@latest` for one that is pulled.
    package var resource: String
    /// `Creating`, `Updating`, `Deleting`, `Succeeded` or `Failed`.
    package var status: String
    /// ISO 8601.
    package var startTime: String
    /// ISO 8601; while it is under way, there is none.
    package var endTime: String?
    package var steps: [Step]
    /// Why it failed.
    package var error: APIErrorBody.Problem?
    /// How far a download has come, while it is under way.
    package var progress: OperationProgress?

    package init(
        id: String,
        resource: String,
        status: String,
        startTime: String,
        endTime: String?,
        steps: [Step],
        error: APIErrorBody.Problem?,
        progress: OperationProgress? = nil
    ) {
        self.id = id
        self.resource = resource
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.steps = steps
        self.error = error
        self.progress = progress
    }

    /// Whether nothing more will happen.
    package var isOver: Bool { status == "Succeeded" || status == "Failed" }
}
