import GatewayAdmin
import GatewayCore

/// Where captures are exported to as they are stored.
struct ExportSettings: Sendable, Equatable {
    /// `nil` = nowhere.
    var directory: String?
    var format = ExportFormat.azure
    /// Of deployments that say none themselves.
    var rollingRate = RollingRate.hour
}
