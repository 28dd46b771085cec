import GatewayAPI

extension TenantResource: TableRow {
    static var headings: [String] {
        ["tenant", "suspended", "subscription", "resource group", "limits", "quotas", "queue weight"]
    }
    var cells: [String] {
        [
            name, suspended == true ? "yes" : "no", subscription ?? "", resourceGroup ?? "",
            limits.map(\.text).joined(separator: ", "), quotas.map(\.text).joined(separator: ", "),
            String(queueWeight),
        ]
    }
}

extension EndpointResource: TableRow {
    static var headings: [String] { ["endpoint", "auth", "traffic", "model names", "hosts", "state", "url"] }
    var cells: [String] {
        let shares = traffic.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return [
            "\(tenant)/\(name)", authModes.joined(separator: " "), shares.joined(separator: " "),
            modelNames.joined(separator: " "), hosts.joined(separator: " "),
            maintenance.map { "maintenance: \($0.message)" }
                ?? (publicNetworkAccess == "disabled" ? "private" : "open"),
            scoringUri ?? "",
        ]
    }
}

extension TrafficResource: TableRow {
    static var headings: [String] { ["traffic", "mirror traffic", "default version", "copies"] }
    var cells: [String] {
        let copies = (mirrors ?? []).map {
            "\($0.deployment): \($0.sent) sent, \($0.failed) failed, \($0.dropped) dropped"
        }
        return [Self.text(traffic), Self.text(mirrorTraffic), defaultVersion ?? "", copies.joined(separator: "; ")]
    }

    private static func text(_ shares: [String: Int]?) -> String {
        (shares ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
}

extension DeploymentResource: TableRow {
    static var headings: [String] { ["deployment", "served by", "model", "state", "ready", "why it failed"] }
    var cells: [String] {
        let servedBy = upstream.map { $0.urls.joined(separator: " ") } ?? (native == nil ? "nothing" : "native")
        return [
            "\(tenant)/\(endpoint)/\(name)", servedBy, model ?? upstream?.model ?? "", provisioningState ?? "",
            isReady == true ? "yes" : "no", failure ?? "",
        ]
    }
}

extension DeploymentSecretResource: TableRow {
    static var headings: [String] { ["secret", "used by header", "changed"] }
    var cells: [String] { [name, headers.isEmpty ? "none" : headers.joined(separator: ", "), changedAt] }
}

extension EffectiveValue: TableRow {
    static var headings: [String] { ["setting", "value", "from"] }
    var cells: [String] { [setting, value, source] }
}

extension InstanceResource: TableRow {
    static var headings: [String] {
        ["instance", "ready", "takes requests", "under way", "last probe", "state", "pid", "memory", "device"]
    }
    var cells: [String] {
        [
            url, isReady ? "yes" : "no", outage.map { "no: \($0)" } ?? "yes", String(inFlight), lastProbe ?? "",
            [state, lastEnd].compactMap(\.self).joined(separator: ": "), pid.map(String.init) ?? "",
            residentBytes.map { "\($0 >> 20) MiB" } ?? "",
            [device, deviceReason].compactMap(\.self).joined(separator: ": "),
        ]
    }
}

extension PoolResource: TableRow {
    static var headings: [String] {
        ["workers", "running", "wanted", "idle", "memory", "cost per hour", "not started"]
    }
    var cells: [String] {
        [
            state, String(instances), String(wanted), "\(idleSeconds) s", "\(residentBytes >> 20) MiB",
            costPerHour.map { "\($0)" } ?? "no price", refusal ?? "",
        ]
    }
}

extension LogLineResource: TableRow {
    static var headings: [String] { ["time", "line"] }
    var cells: [String] { [time, line] }
}

extension ModelResource: TableRow {
    static var headings: [String] { ["model", "version", "format", "size", "last used", "sha256", "file or source"] }
    var cells: [String] {
        [
            name, version ?? "", format ?? "", size.map(String.init) ?? "", lastUsedAt ?? "", sha256 ?? "",
            source ?? path,
        ]
    }
}

extension ModelVerificationResource: TableRow {
    static var headings: [String] { ["model", "as it was registered", "sha256", "path"] }
    var cells: [String] { ["\(name):\(version)", isGood ? "yes" : "no", found ?? "", path] }
}

extension KeyPairResource: TableRow {
    static var headings: [String] { ["primary", "secondary"] }
    var cells: [String] { [primaryKey, secondaryKey] }
}

extension CertificateResource: TableRow {
    static var headings: [String] { ["hosts", "expires", "days left", "certificate", "issuer"] }
    var cells: [String] {
        [
            hosts.joined(separator: " ") + (isDefault ? " (default)" : ""), notAfter, String(daysLeft), certificate,
            issuer,
        ]
    }
}

extension ApplyResult.Change: TableRow {
    static var headings: [String] { ["action", "resource", "fields", "made, shown only now"] }
    var cells: [String] {
        let made = [clientId.map { "client id \($0)" }, secret].compactMap(\.self)
        return [action, resource, fields.joined(separator: ", "), made.joined(separator: ", ")]
    }
}
