import Foundation
import GatewayAdmin
import GatewayCore
import GatewayStore
import GatewayWorkers

extension Configuration {
    /// Why a value cannot be used, and what can.
    struct Complaint: Equatable {
        var message: String
        var hint: String?
    }

    /// A setting with one value: files, environment and flags all set it through here.
    enum Setting: String, CaseIterable {
        case gateway = "listen.gateway"
        case admin = "listen.admin"
        case publicName = "listen.public"
        case domain = "listen.domain"
        case threads
        case store
        case models
        case modelLimit = "models.limit"
        case modelHub = "models.hub"
        case modelOffline = "models.offline"
        case modelAuthority = "models.ca"
        case captureDays = "captures.days"
        case captureCount = "captures.count"
        case captureLimit = "captures.limit"
        case exportDirectory = "captures.export.directory"
        case exportFormat = "captures.export.format"
        case exportRollingRate = "captures.export.rolling_rate"
        case traceEndpoint = "traces.endpoint"
        case traceSample = "traces.sample"
        case traceAuthority = "traces.ca"
        case traceService = "traces.service"
        case runtimeDirectory = "workers.runtime"
        case devices = "workers.devices"
        case backends = "workers.backends"
        case stepSeconds = "workers.step_seconds"

        /// `GATEHOUSE_LISTEN_GATEWAY` and so on.
        var variable: String {
            "GATEHOUSE_" + rawValue.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
        }
    }

    /// Takes a value, or says why it cannot.
    mutating func set(_ setting: Setting, to text: String) -> Complaint? {
        switch setting {
        case .gateway: return setAddress(\.gateway, to: text)
        case .admin: return setAddress(\.admin, to: text)
        case .publicName: return setPublicName(text)
        case .domain: domain = text.lowercased()
        case .threads: return setThreads(text)
        case .store: return setPath(\.store, to: text)
        case .models: return setPath(\.models, to: text)
        case .modelLimit, .modelHub, .modelOffline, .modelAuthority: return setPulls(setting, to: text)
        case .captureDays, .captureCount, .captureLimit: return setCaptures(setting, to: text)
        case .exportDirectory, .exportFormat, .exportRollingRate: return setExport(setting, to: text)
        case .traceEndpoint, .traceSample, .traceAuthority, .traceService: return setTraces(setting, to: text)
        case .runtimeDirectory: return setPath(\.runtimeDirectory, to: text)
        case .devices:
            guard let devices = DevicePolicy(text) else {
                return Complaint(message: "\(text.debugDescription) names no devices", hint: Self.deviceHint)
            }
            self.devices = devices
        case .backends: return setBackends(text)
        case .stepSeconds: return setStepLimit(text)
        }
        return nil
    }

    static let deviceHint = "write auto, cpu, or GPUs as gatehouse devices shows them: [0, 1] or [CUDA0], each once"

    private mutating func setPulls(_ setting: Setting, to text: String) -> Complaint? {
        switch setting {
        case .modelLimit:
            guard let limit = ByteText.bytes(text), limit > 0 else {
                return Complaint(message: "\(text.debugDescription) is no size", hint: "write 200GiB")
            }
            pulls.limit = limit
        case .modelHub:
            guard let hub = ModelSettings.hub(text) else {
                return Complaint(
                    message: "\(text.debugDescription) is no base URL",
                    hint: "write https://hub.example.com"
                )
            }
            pulls.hub = hub
        case .modelOffline:
            guard let isOffline = Bool(text) else {
                return Complaint(message: "\(text.debugDescription) is neither true nor false", hint: nil)
            }
            pulls.isOffline = isOffline
        default:
            guard !text.isEmpty else { return Complaint(message: "must not be empty", hint: nil) }
            pulls.authority = text
        }
        return nil
    }

    private mutating func setCaptures(_ setting: Setting, to text: String) -> Complaint? {
        let message = "\(text.debugDescription) is out of range"
        switch setting {
        case .captureLimit:
            guard let limit = ByteText.bytes(text), limit >= 16 << 20 else {
                return Complaint(message: "\(text.debugDescription) is no size from 16MiB", hint: "write 10GiB")
            }
            captures.bytes = limit
        case .captureDays:
            guard let days = Int(text), (1...3650).contains(days) else {
                return Complaint(message: message, hint: "it must be 1 to 3650")
            }
            captures.days = days
        default:
            guard let count = Int(text), (1...100_000_000).contains(count) else {
                return Complaint(message: message, hint: "it must be 1 to 100000000")
            }
            captures.rows = count
        }
        return nil
    }

    private mutating func setExport(_ setting: Setting, to text: String) -> Complaint? {
        switch setting {
        case .exportFormat:
            guard let format = ExportFormat(rawValue: text.lowercased()) else {
                return Self.unknown(text, ExportFormat.allCases.map(\.rawValue))
            }
            export.format = format
        case .exportRollingRate:
            guard let rate = RollingRate(rawValue: text.lowercased()) else {
                return Self.unknown(text, RollingRate.allCases.map(\.rawValue))
            }
            export.rollingRate = rate
        default:
            guard !text.isEmpty else { return Complaint(message: "must not be empty", hint: nil) }
            export.directory = text
        }
        return nil
    }

    private static func unknown(_ text: String, _ words: [String]) -> Complaint {
        let list = words.joined(separator: ", ")
        let nearest = NearestName.of(text, in: words).map { "did you mean \($0)?" }
        return Complaint(message: "\(text) is not one of \(list)", hint: nearest)
    }

    private mutating func setAddress(_ path: WritableKeyPath<Configuration, ListenAddress>, to text: String)
        -> Complaint?
    {
        guard let address = ListenAddress(text) else {
            return Complaint(message: "\(text.debugDescription) is not an address", hint: "write 127.0.0.1:8443")
        }
        self[keyPath: path] = address
        return nil
    }

    private mutating func setPath(_ path: WritableKeyPath<Configuration, String>, to text: String) -> Complaint? {
        guard !text.isEmpty else { return Complaint(message: "must not be empty", hint: nil) }
        self[keyPath: path] = text
        return nil
    }

    /// The engine takes a folder that is not there for one without backends, and no worker could start.
    private mutating func setBackends(_ text: String) -> Complaint? {
        let hint = "name the folder that has the engine's libggml-cpu and libggml-cuda files"
        guard FileManager.default.fileExists(atPath: text) else {
            return Complaint(message: "\(text.debugDescription) does not exist", hint: hint)
        }
        guard FileManager.default.fileExists(atPath: text + "/.") else {
            return Complaint(message: "\(text.debugDescription) is not a folder", hint: hint)
        }
        backends = text
        return nil
    }

    private mutating func setStepLimit(_ text: String) -> Complaint? {
        guard let seconds = Int(text), (1...86_400).contains(seconds) else {
            return Complaint(message: "\(text.debugDescription) is out of range", hint: "it must be 1 to 86400")
        }
        stepLimit = .seconds(seconds)
        return nil
    }

    private mutating func setPublicName(_ text: String) -> Complaint? {
        var name = text
        while name.hasSuffix("/") { name.removeLast() }
        guard name.hasPrefix("https://"), name.count > "https://".count, !name.dropFirst(8).contains("/") else {
            return Complaint(
                message: "\(text.debugDescription) is not a base URL",
                hint: "write https://models.example.com:8443"
            )
        }
        publicName = name
        return nil
    }

    private mutating func setThreads(_ text: String) -> Complaint? {
        if text == "auto" {
            threads = nil
            return nil
        }
        guard let number = Int(text), (1...1024).contains(number) else {
            return Complaint(
                message: "\(text.debugDescription) is not a number of event loops",
                hint: "use auto or 1 to 1024"
            )
        }
        threads = number
        return nil
    }
}
