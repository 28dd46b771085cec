/// What is known of a deployment's instances at one moment.
package struct DeploymentReadiness: Sendable, Equatable {
    /// Instances of the configuration that is served now.
    package var instances: Int
    /// Those of them that can take requests.
    package var ready: Int
    /// Instances of an earlier configuration that still answer.
    package var replaced: Int
    /// What the last probe was told, as a sentence; `nil` before the first.
    package var lastAnswer: String?

    package init(instances: Int, ready: Int, replaced: Int = 0, lastAnswer: String? = nil) {
        self.instances = instances
        self.ready = ready
        self.replaced = replaced
        self.lastAnswer = lastAnswer
    }

    /// Whether requests are answered, and by the configuration that is served now.
    package var isReady: Bool { ready > 0 && replaced == 0 }
}
