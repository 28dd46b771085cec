/// Where a client says that it works: Azure's subscription, resource group and workspace, in its own spelling.
///
/// The workspace is our tenant; the two above it are only names.
package struct ARMScope: Sendable, Equatable {
    package let subscription: String
    package let resourceGroup: String
    package let workspace: String

    package init(subscription: String, resourceGroup: String, workspace: String) {
        self.subscription = subscription
        self.resourceGroup = resourceGroup
        self.workspace = workspace
    }

    /// `{WS}` of Azure's paths, in the exact case that its SDK looks for in identifiers.
    package var id: String {
        "/subscriptions/\(subscription)/resourceGroups/\(resourceGroup)/providers/\(Self.provider)/workspaces/\(workspace)"
    }

    package static let provider = "Microsoft.MachineLearningServices"

    /// Of a resource kind below the workspace: `onlineEndpoints` and so on.
    package static func type(_ kinds: String) -> String { "\(provider)/workspaces/\(kinds)" }
}
