import Foundation

/// What OpenTelemetry's own variables say where the settings leave it open.
extension TraceSettings {
    /// - Parameter log: gets what cannot be used.
    mutating func fill(from environment: [String: String], log: ProblemLog) {
        let variables = Variables(environment, log)
        if endpoint == nil { endpoint = variables.endpoint }
        guard endpoint != nil else { return }
        if headers.isEmpty { headers = variables.headers }
        sampleRate = sampleRate ?? variables.sampleRate
        authority = authority ?? variables.ofTraces("CERTIFICATE")?.text
        timeout = timeout ?? variables.timeout
        let named = variables.pairs("OTEL_RESOURCE_ATTRIBUTES", variables["OTEL_RESOURCE_ATTRIBUTES"] ?? "")
        for (name, value) in named { attributes[name] = value }
        service = service ?? variables["OTEL_SERVICE_NAME"] ?? attributes["service.name"]
    }

    /// The variables, of which empty ones say nothing.
    private struct Variables {
        private let environment: [String: String]
        private let log: ProblemLog

        init(_ environment: [String: String], _ log: ProblemLog) {
            self.environment = environment
            self.log = log
        }

        subscript(name: String) -> String? {
            guard let text = environment[name], !text.isEmpty else { return nil }
            return text
        }

        /// The exporter's variable for traces, else the one for everything.
        func ofTraces(_ name: String) -> (variable: String, text: String)? {
            for variable in ["OTEL_EXPORTER_OTLP_TRACES_\(name)", "OTEL_EXPORTER_OTLP_\(name)"] {
                if let text = self[variable] { return (variable, text) }
            }
            return nil
        }

        /// Whether traces are not wanted, or by another way than OTLP.
        private var isOff: Bool {
            self["OTEL_SDK_DISABLED"]?.lowercased() == "true" || (self["OTEL_TRACES_EXPORTER"] ?? "otlp") != "otlp"
        }

        var endpoint: String? {
            guard !isOff, let (variable, text) = ofTraces("ENDPOINT") else { return nil }
            // The one for everything is a base, the one for traces is meant as it is.
            let isWhole = variable == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
            guard let endpoint = isWhole ? TraceSettings.plain(text) : TraceSettings.endpoint(base: text) else {
                refuse(variable, "is no http or https URL without user and query", Configuration.traceEndpointHint)
                return nil
            }
            if let (variable, text) = ofTraces("PROTOCOL"), text != "http/protobuf" {
                let hint = "write http/protobuf, and the port for it in the endpoint (4318)"
                refuse(variable, "\(text.debugDescription) is not spoken", hint)
            }
            return endpoint
        }

        var headers: [Header] {
            guard let (variable, text) = ofTraces("HEADERS") else { return [] }
            return pairs(variable, text).compactMap { name, value in
                guard let problem = TraceSettings.problem(ofHeader: name, value) else {
                    return Header(name: name, value: value, isLiteral: true)
                }
                refuse(variable, "\(name.debugDescription) \(problem)", nil)
                return nil
            }
        }

        /// A caller's own decision always holds, as with the samplers called `parentbased_…`.
        var sampleRate: Double? {
            guard let sampler = self["OTEL_TRACES_SAMPLER"] else { return nil }
            if sampler.hasSuffix("always_on") { return 1 }
            if sampler.hasSuffix("always_off") { return 0 }
            guard sampler.hasSuffix("traceidratio") else {
                let hint = "write parentbased_always_on, parentbased_always_off or parentbased_traceidratio"
                refuse("OTEL_TRACES_SAMPLER", "\(sampler.debugDescription) is unknown", hint)
                return nil
            }
            let text = self["OTEL_TRACES_SAMPLER_ARG"] ?? "1"
            if let rate = TraceSettings.sampleRate(text) { return rate }
            refuse("OTEL_TRACES_SAMPLER_ARG", "\(text.debugDescription) is out of range", "it must be 0 to 1")
            return nil
        }

        var timeout: Duration? {
            guard let (variable, text) = ofTraces("TIMEOUT") else { return nil }
            if let milliseconds = Int(text), (1...600_000).contains(milliseconds) { return .milliseconds(milliseconds) }
            refuse(variable, "\(text.debugDescription) is out of range", "it must be 1 to 600000 milliseconds")
            return nil
        }

        /// `name=value,…`, each percent-encoded.
        func pairs(_ variable: String, _ text: String) -> [(String, String)] {
            text.split(separator: ",").compactMap { pair in
                let parts = pair.split(separator: "=", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces).removingPercentEncoding
                }
                if parts.count == 2, let name = parts[0], let value = parts[1], !name.isEmpty { return (name, value) }
                // What it says may be a secret.
                refuse(variable, "is no list of name=value", "write name=value,name=value; other characters as %XX")
                return nil
            }
        }

        private func refuse(_ variable: String, _ reason: String, _ hint: String?) {
            log.note(DocumentProblem(file: variable, message: reason, hint: hint))
        }
    }
}
