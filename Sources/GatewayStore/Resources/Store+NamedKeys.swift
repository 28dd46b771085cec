package import GatewayCore

/// What a named key opens, and how much: everything about it but its name and its secret.
package struct KeyTerms: Sendable, Equatable {
    /// Names of endpoints; `nil` = all of the tenant.
    package var endpoints: [String]?
    /// `nil` = all.
    package var forms: [URLFormName]?
    /// Seconds since 1970; `nil` = never.
    package var expiresAt: Int64?
    /// CIDR; empty = everywhere.
    package var allowedNetworks: [String]
    package var rules: UsageRules
    package var queueWeight: Int
    package var isDisabled: Bool

    package init(
        endpoints: [String]? = nil,
        forms: [URLFormName]? = nil,
        expiresAt: Int64? = nil,
        allowedNetworks: [String] = [],
        rules: UsageRules = .none,
        queueWeight: Int = QueueWeight.standard,
        isDisabled: Bool = false
    ) {
        self.endpoints = endpoints
        self.forms = forms
        self.expiresAt = expiresAt
        self.allowedNetworks = allowedNetworks
        self.rules = rules
        self.queueWeight = queueWeight
        self.isDisabled = isDisabled
    }
}

/// A named key and its secret, at the one time that it is shown.
package struct IssuedKey: Sendable, Equatable {
    package let key: NamedKey
    package let secret: String
}

extension NamedKey {
    package var terms: KeyTerms {
        get {
            KeyTerms(
                endpoints: endpoints,
                forms: forms,
                expiresAt: expiresAt,
                allowedNetworks: allowedNetworks,
                rules: rules,
                queueWeight: queueWeight,
                isDisabled: isDisabled
            )
        }
        set {
            endpoints = newValue.endpoints
            forms = newValue.forms
            expiresAt = newValue.expiresAt
            allowedNetworks = newValue.allowedNetworks
            rules = newValue.rules
            queueWeight = newValue.queueWeight
            isDisabled = newValue.isDisabled
        }
    }
}

extension Store {
    package func namedKeys(of tenant: String) throws(StoreError) -> [NamedKey] {
        _ = try self.tenant(tenant)
        return definitions.namedKeys.filter { $0.tenant == tenant }
    }

    package func namedKey(_ tenant: String, _ name: String) throws(StoreError) -> NamedKey {
        let definitions = definitions
        let place = definitions.placeOfNamedKey(tenant, name)
        guard place.isTaken else { throw .notFound(resource: NamedKey.path(tenant, name)) }
        return definitions.namedKeys[place.index]
    }

    /// The secret is in the answer and nowhere else.
    package func createNamedKey(
        _ tenant: String,
        _ name: String,
        _ terms: KeyTerms,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> IssuedKey {
        let secret = KeySecret.generate()
        return try await change(at: now) { transaction in
            try transaction.requireTenant(tenant)
            guard !transaction.definitions.placeOfNamedKey(tenant, name).isTaken else {
                let message = "is taken; choose another name, or revoke the key that has it"
                let path = NamedKey.path(tenant, name)
                throw StoreError.conflict(Problem(.alreadyExists, path, field: "name", message))
            }
            try terms.checkExpiry(at: now, NamedKey.path(tenant, name))
            var key = NamedKey(tenant: tenant, name: name, digest: secret.digest, createdAt: now)
            key.terms = terms
            transaction.put(key)
            return IssuedKey(key: key, secret: secret.text)
        }
    }

    /// - Parameter keepsDisabled: whether one that is disabled stays so, and one that is not too.
    package func updateNamedKey(
        _ tenant: String,
        _ name: String,
        _ terms: KeyTerms,
        keepsDisabled: Bool = false,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> PutOutcome {
        try await change(at: now) { transaction in
            var key = try transaction.namedKey(tenant, name)
            var terms = terms
            if keepsDisabled { terms.isDisabled = key.isDisabled }
            if key.terms == terms { return .unchanged }
            // A key that is over stays as it is unless it is given a new date.
            if key.expiresAt != terms.expiresAt { try terms.checkExpiry(at: now, key.path) }
            key.terms = terms
            transaction.put(key)
            return .updated
        }
    }

    /// Gives the key a new secret.
    ///
    /// - Parameter grace: seconds that the old secret still opens; with none it, and those before it, open nothing any more.
    package func rotateNamedKey(
        _ tenant: String,
        _ name: String,
        grace: Int64,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> IssuedKey {
        try Grace.check(grace, NamedKey.path(tenant, name))
        let secret = KeySecret.generate()
        return try await change(at: now) { transaction in
            var key = try transaction.namedKey(tenant, name)
            try Grace.checkRoom(key.retired, grace, at: now, key.path)
            key.retired.retire(key.digest, at: now, grace: grace)
            key.digest = secret.digest
            key.createdAt = now
            transaction.put(key)
            return IssuedKey(key: key, secret: secret.text)
        }
    }

    /// It opens nothing any more, and its name is free.
    package func revokeNamedKey(_ tenant: String, _ name: String) async throws(StoreError) {
        try await change { transaction in
            _ = try transaction.namedKey(tenant, name)
            transaction.removeNamedKey(tenant, name)
        }
    }
}

extension KeyTerms {
    fileprivate func checkExpiry(at now: Int64, _ resource: String) throws(StoreError) {
        guard let expiresAt, expiresAt <= now else { return }
        let message = "is in the past; name a later time, or none for a key that never expires"
        throw .invalid([Problem(.invalidExpiry, resource, field: "expiresAt", message)])
    }
}
