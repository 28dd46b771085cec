import GatewayCore

/// Named keys stay in the order of tenant and name: of 100,000 of them one is found without a walk over all.
extension StoreTransaction {
    /// - Throws: not found.
    func namedKey(_ tenant: String, _ name: String) throws(StoreError) -> NamedKey {
        let place = definitions.placeOfNamedKey(tenant, name)
        guard place.isTaken else { throw .notFound(resource: NamedKey.path(tenant, name)) }
        return definitions.namedKeys[place.index]
    }

    /// Replaces or adds.
    mutating func put(_ key: NamedKey) {
        let place = definitions.placeOfNamedKey(key.tenant, key.name)
        if place.isTaken {
            definitions.namedKeys[place.index] = key
        } else {
            definitions.namedKeys.insert(key, at: place.index)
        }
    }

    mutating func removeNamedKey(_ tenant: String, _ name: String) {
        let place = definitions.placeOfNamedKey(tenant, name)
        if place.isTaken { definitions.namedKeys.remove(at: place.index) }
    }
}

extension Definitions {
    /// Where a named key is, or would be put.
    func placeOfNamedKey(_ tenant: String, _ name: String) -> (index: Int, isTaken: Bool) {
        var low = 0
        var high = namedKeys.count
        while low < high {
            let middle = (low + high) / 2
            if (namedKeys[middle].tenant, namedKeys[middle].name) < (tenant, name) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let isTaken = low < namedKeys.count && namedKeys[low].tenant == tenant && namedKeys[low].name == name
        return (low, isTaken)
    }
}
