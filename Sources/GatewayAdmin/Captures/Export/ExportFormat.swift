/// What exported captures look like, and in which folders they lie.
package enum ExportFormat: String, Sendable, Codable, CaseIterable {
    /// Amazon SageMaker's data capture.
    case sagemaker
    /// The data collector of Azure ML.
    case azure
    /// What KServe's logger sends: CloudEvents in their JSON form.
    case kserve
    /// All that a capture has, as the API shows it.
    case jsonl
}

/// One record of an export: a line of a file.
package struct ExportedLine: Sendable, Equatable {
    /// Below the folder of the export.
    package let file: String
    /// JSON without a line end.
    package let text: String

    package init(file: String, text: String) {
        self.file = file
        self.text = text
    }
}
