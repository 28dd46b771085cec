import GatewayAPI
import Hummingbird

/// What `/api/v1/devices` answers.
struct DeviceRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        .json(await controlPlane.collaborators.devices())
    }
}

extension Routes {
    /// Of the gateway's machine: tenants' own operators see nothing of it.
    var devices: [Route] {
        [
            .get(
                "/devices",
                .read,
                "Shows the devices that workers can be put on, and the workers there.",
                answers: .one(DevicesResource.self),
                use: DeviceRoutes(controlPlane: controlPlane).list
            )
        ]
    }
}
