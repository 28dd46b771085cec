import Foundation
import GRDB

/// What the audit log says of the bodies that Azure's clients send.
extension AzureRecord {
    private static let longest = 8 << 10
    private static let hidden = "(not shown)"

    /// JSON without the values of environment variables; a long one as a string of its beginning, which is JSON too.
    static func audited(_ body: String, failure: String? = nil) throws(StoreError) -> String {
        guard var members = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] else {
            return try StoredJSON.text(hidden)
        }
        if var inner = members["properties"] as? [String: Any],
            let variables = inner["environmentVariables"] as? [String: Any]
        {
            inner["environmentVariables"] = variables.mapValues { _ in hidden }
            members["properties"] = inner
        }
        if let failure { members["failure"] = failure }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? JSONSerialization.data(withJSONObject: members, options: options) else {
            return try StoredJSON.text(hidden)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.utf8.count <= longest ? text : try StoredJSON.text(String(text.prefix(longest / 4)))
    }
}

extension AuditDifference {
    private static let member = "azure"

    /// What a change keeps of a client's body beside the configuration.
    ///
    /// A resource that has an entry of its own gets no second one.
    mutating func note(_ writes: [AzureWrite], in database: Database, _ secrets: SecretBox) throws {
        for write in writes {
            let before = try write.stored(in: database, secrets)
            guard before?.body != write.body || before?.failure != nil else { continue }
            if let index = drafts.firstIndex(where: { $0.resource == write.resource }) {
                if drafts[index].action == .updated { name(Self.member, at: index) }
                continue
            }
            note(try write.draft(before: before, after: try AzureRecord.audited(write.body)))
        }
    }
}

extension AzureWrite {
    /// What there is of a client's body, as far as it matters to the log.
    struct Stored {
        let body: String
        let failure: String?

        var audited: String { get throws(StoreError) { try AzureRecord.audited(body, failure: failure) } }
    }

    var body: String {
        switch self {
        case .endpoint(_, let body, _), .deployment(_, let body, _): body
        }
    }

    var resource: ResourceReference {
        switch self {
        case .endpoint(let name, _, _): ResourceReference(.endpoint, "\(name.tenant)/\(name.endpoint)")
        case .deployment(let name, _, _): name.resource
        }
    }

    fileprivate func stored(in database: Database, _ secrets: SecretBox) throws -> Stored? {
        switch self {
        case .endpoint(let name, _, _):
            let sql = "SELECT body FROM azure_endpoints WHERE tenant = ? AND name = ?"
            return try String.fetchOne(database, sql: sql, arguments: [name.tenant, name.endpoint])
                .map { Stored(body: $0, failure: nil) }
        case .deployment(let name, _, _): return try name.stored(in: database, secrets)
        }
    }

    fileprivate func draft(before: Stored?, after: String) throws(StoreError) -> AuditDifference.Draft {
        AuditDifference.Draft(
            action: before == nil ? .created : .updated,
            resource: resource,
            tenant: resource.tenant,
            fields: before == nil ? [] : ["azure"],
            before: try before?.audited,
            after: after
        )
    }
}

extension AzureWrite.DeploymentName {
    var resource: ResourceReference { ResourceReference(.deployment, "\(tenant)/\(endpoint)/\(deployment)") }

    func stored(in database: Database, _ secrets: SecretBox) throws -> AzureWrite.Stored? {
        let sql = "SELECT body, failure FROM azure_deployments WHERE tenant = ? AND endpoint = ? AND name = ?"
        let row = try Row.fetchOne(database, sql: sql, arguments: [tenant, endpoint, deployment])
        return try row.map {
            AzureWrite.Stored(body: try secrets.open($0["body"], place: place), failure: $0["failure"])
        }
    }

    /// - Parameter after: `nil` when it is forgotten.
    func draft(before: AzureWrite.Stored?, after: AzureWrite.Stored?) throws(StoreError) -> AuditDifference.Draft {
        AuditDifference.Draft(
            action: after == nil ? .deleted : before == nil ? .created : .updated,
            resource: resource,
            tenant: tenant,
            fields: after == nil || before == nil ? [] : before?.body == after?.body ? ["failure"] : ["azure"],
            before: try before?.audited,
            after: try after?.audited
        )
    }
}
