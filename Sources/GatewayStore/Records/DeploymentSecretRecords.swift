import GRDB
import GatewayCore

extension ConfigurationReader {
    func deploymentSecrets() throws -> [DeploymentSecret] {
        try Row.fetchAll(database, sql: "SELECT * FROM deployment_secrets").map { row in
            var secret = DeploymentSecret(
                tenant: row["tenant"],
                endpoint: row["endpoint"],
                deployment: row["deployment"],
                name: row["name"],
                value: "",
                changedAt: row["changed_at"]
            )
            secret.value = try secrets.open(row["sealed"], place: secret.place)
            return secret
        }
    }
}

extension ConfigurationWriter {
    func writeDeploymentSecrets(_ old: Definitions, _ new: Definitions) throws {
        for secret in Self.gone(old.secrets, new.secrets, path: \.path) {
            try run(
                "DELETE FROM deployment_secrets WHERE tenant = ? AND endpoint = ? AND deployment = ? AND name = ?",
                [secret.tenant, secret.endpoint, secret.deployment, secret.name]
            )
        }
        for secret in Self.changed(old.secrets, new.secrets, path: \.path) {
            try upsert(
                "deployment_secrets",
                keys: 4,
                [
                    ("tenant", secret.tenant), ("endpoint", secret.endpoint), ("deployment", secret.deployment),
                    ("name", secret.name), ("sealed", try secrets.seal(secret.value, place: secret.place)),
                    ("changed_at", secret.changedAt),
                ]
            )
        }
    }
}
