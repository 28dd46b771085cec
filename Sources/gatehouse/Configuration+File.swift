import GatewayTLS
import GatewayTokens
import GatewayWorkers
import Yams

extension Configuration {
    /// The file's configuration with the environment and then the flags on top.
    ///
    /// - Parameter flags: values by setting, `listen.gateway` and so on.
    static func load(
        path: String,
        environment: [String: String],
        flags: [String: String] = [:]
    ) throws(DocumentProblems) -> Configuration {
        let file: YAMLFile
        do throws(DocumentProblem) {
            file = try YAMLFile(path: path)
        } catch {
            throw DocumentProblems(problems: [error])
        }
        var configuration = try load(file, environment: environment, flags: flags).get()
        configuration.instancePrices = try InstancePrices.load(beside: path)
        return configuration
    }

    static func load(
        _ file: YAMLFile,
        environment: [String: String],
        flags: [String: String] = [:]
    ) -> Result<Configuration, DocumentProblems> {
        let log = ProblemLog()
        var configuration = Configuration()
        if file.documents.count > 1 {
            log.note(DocumentProblem(file: file.name, message: "holds several documents", hint: "keep one"))
        }
        if let root = file.documents.first, !root.isNull { configuration.read(root, file: file.name, log: log) }
        for setting in Setting.allCases {
            if let text = environment[setting.variable] {
                configuration.override(setting, with: text, from: setting.variable, log: log)
            }
        }
        for (name, text) in flags.sorted(by: { $0.key < $1.key }) {
            guard let setting = Setting(rawValue: name) else {
                let nearest = NearestName.of(name, in: Setting.allCases.map(\.rawValue))
                let hint = nearest.map { "did you mean \($0)?" }
                log.note(DocumentProblem(file: "--set \(name)", message: "unknown setting", hint: hint))
                continue
            }
            configuration.override(setting, with: text, from: "--set \(name)", log: log)
        }
        configuration.traces.fill(from: environment, log: log)
        return log.problems.isEmpty ? .success(configuration) : .failure(DocumentProblems(problems: log.problems))
    }

    private mutating func override(_ setting: Setting, with text: String, from source: String, log: ProblemLog) {
        guard let complaint = set(setting, to: text) else { return }
        log.note(DocumentProblem(file: source, message: complaint.message, hint: complaint.hint))
    }

    private mutating func read(_ node: Node, file: String, log: ProblemLog) {
        guard
            let root = YAMLMapping(
                node,
                file: file,
                known: [
                    "listen", "tls", "threads", "store", "models", "captures", "traces", "workers", "upstreams",
                    "issuers", "secrets", "runtimes",
                ],
                log: log
            )
        else { return }
        let listen = root.object("listen", known: ["gateway", "admin", "public", "domain", "private_networks"])
        let workers = root.object("workers", known: ["runtime", "devices", "backends", "step_seconds"])
        let captures = root.object("captures", known: ["days", "count", "limit", "export"])
        let export = captures?.object("export", known: ["directory", "format", "rolling_rate"])
        if let export, export["directory"] == nil {
            export.refuse("directory", "is required", hint: "name the folder that captures are exported to")
        }
        let traces = root.object("traces", known: ["endpoint", "headers", "sample", "ca", "service"])
        let models = Self.models(root)
        for setting in Setting.allCases {
            let parts = setting.rawValue.split(separator: ".").map(String.init)
            switch parts.first {
            case "listen": take(setting, parts[1], from: listen)
            case "captures" where parts.count > 2: take(setting, parts[2], from: export)
            case "captures": take(setting, parts[1], from: captures)
            case "traces": take(setting, parts[1], from: traces)
            case "workers": take(setting, parts[1], from: workers)
            case "models" where parts.count > 1: take(setting, parts[1], from: models)
            case "models" where models != nil: take(setting, "folder", from: models)
            default: take(setting, parts[0], from: root)
            }
        }
        readTraceHeaders(traces)
        readCertificates(root)
        readNetworks(root)
        if let networks = listen?.strings("private_networks") { privateNetworks = networks }
        readIssuers(root)
        readRuntimes(root)
        let secrets = root.object("secrets", known: ["env", "files"])
        secretVariables = secrets?.strings("env") ?? []
        secretFiles = secrets?.strings("files") ?? []
    }

    /// The section `models:`; `nil` where it is only the folder.
    private static func models(_ root: YAMLMapping) -> YAMLMapping? {
        guard let member = root["models"], case .mapping = member.node else { return nil }
        return root.object("models", known: ["folder", "limit", "hub", "offline", "ca"])
    }

    private mutating func take(_ setting: Setting, _ key: String, from mapping: YAMLMapping?) {
        guard let mapping, let member = mapping[key] else { return }
        if setting == .devices, case .sequence = member.node {
            guard let devices = mapping.strings(key).flatMap({ DevicePolicy(list: $0) }) else {
                mapping.refuse(key, "is no list of GPUs", hint: Self.deviceHint)
                return
            }
            self.devices = devices
            return
        }
        if setting == .modelOffline {
            pulls.isOffline = mapping.boolean(key) ?? false
            return
        }
        guard let text = mapping.string(key), let complaint = set(setting, to: text) else { return }
        mapping.refuse(key, complaint.message, hint: complaint.hint)
    }

    private mutating func readCertificates(_ root: YAMLMapping) {
        let hint = "run gatehouse certs init, then name certificate and key here"
        guard let tls = root.object("tls", known: ["certificates"]), let member = tls["certificates"] else {
            root.refuse("tls", "certificates are required", hint: hint)
            return
        }
        guard case .sequence(let list) = member.node, !list.isEmpty else {
            tls.refuse("certificates", "must be a list with one entry or more", hint: hint)
            return
        }
        for node in list {
            guard
                let entry = YAMLMapping(
                    node,
                    file: root.file,
                    path: "tls.certificates",
                    known: ["certificate", "key", "hosts"],
                    log: root.log
                )
            else { continue }
            guard let certificate = entry.requiredString("certificate"), let key = entry.requiredString("key") else {
                continue
            }
            certificates.append(
                CertificateFiles(certificate: certificate, key: key, hosts: entry.strings("hosts") ?? [])
            )
        }
    }

    private mutating func readNetworks(_ root: YAMLMapping) {
        guard let upstreams = root.object("upstreams", known: ["allow", "tenants"]) else { return }
        if let networks = upstreams.strings("allow") { allowedNetworks = networks }
        guard let member = upstreams["tenants"] else { return }
        let names = YAMLMapping.entries(member.node)?.map(\.name) ?? []
        let tenants = YAMLMapping(
            member.node,
            file: root.file,
            path: "upstreams.tenants",
            known: names,
            log: root.log
        )
        for name in names { tenantNetworks[name] = tenants?.networks(name) ?? [] }
    }

    private mutating func readIssuers(_ root: YAMLMapping) {
        guard let issuers = root.object("issuers", known: ["allow_http"]) else { return }
        httpIssuers = issuers.strings("allow_http") ?? []
        do throws(PlainHTTPRule.Unreadable) {
            _ = try PlainHTTPRule(httpIssuers)
        } catch {
            issuers.refuse(
                "allow_http",
                "\(error.entry.debugDescription) is not an address",
                hint: "write 127.0.0.1:8080, 127.0.0.0/8 or a host name"
            )
        }
    }
}
