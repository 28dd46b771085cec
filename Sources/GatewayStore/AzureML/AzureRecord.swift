import GRDB

/// What a client of Azure's dialect sent of one resource, beside what the configuration keeps of it.
package struct AzureRecord: Sendable, Equatable {
    /// A JSON object.
    package var body: String
    /// Seconds since 1970.
    package var createdAt: Int64
    package var modifiedAt: Int64
    package var createdBy: String
    /// Why the last change of a deployment was not done; `nil` when it was.
    package var failure: String?

    package init(body: String, createdAt: Int64, modifiedAt: Int64, createdBy: String, failure: String? = nil) {
        self.body = body
        self.createdAt = createdAt
        self.modifiedAt = modifiedAt
        self.createdBy = createdBy
        self.failure = failure
    }

    init(_ row: Row, body: String) {
        self.init(
            body: body,
            createdAt: row["created_at"],
            modifiedAt: row["modified_at"],
            createdBy: row["created_by"]
        )
    }
}

/// A version of an asset: a model, an environment, a code folder or data.
package struct AzureAsset: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case models
        case environments
        case codes
        case data
    }

    /// What is known of a version without its body.
    package struct Version: Sendable, Equatable {
        package var name: String
        package var version: String
        package var isArchived: Bool
        /// `hash_sha256` of its properties.
        package var hash: String?

        package init(name: String, version: String, isArchived: Bool = false, hash: String? = nil) {
            self.name = name
            self.version = version
            self.isArchived = isArchived
            self.hash = hash
        }

        init(_ row: Row) {
            self.init(
                name: row["name"],
                version: row["version"],
                isArchived: row["is_archived"],
                hash: row["hash"]
            )
        }
    }

    /// Assets that one tenant may have.
    package static let most = 10_000

    package var kind: Kind
    package var name: String
    package var version: String
    package var record: AzureRecord

    package init(kind: Kind, name: String, version: String, record: AzureRecord) {
        self.kind = kind
        self.name = name
        self.version = version
        self.record = record
    }
}

/// A row of Azure's dialect that a change of the configuration writes with it.
enum AzureWrite: Sendable, Equatable {
    case endpoint(EndpointName, body: String, by: String)
    case deployment(DeploymentName, body: String, by: String)

    struct EndpointName: Sendable, Equatable {
        let tenant: String
        let endpoint: String
    }

    struct DeploymentName: Sendable, Equatable {
        let tenant: String
        let endpoint: String
        let deployment: String

        /// What a sealed body is bound to.
        var place: String { "\(tenant)/\(endpoint)/\(deployment)/azure" }
    }
}
