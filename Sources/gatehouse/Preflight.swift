import Foundation
import GatewayCore
import GatewayStore
import GatewayTLS

/// Finds what would keep a configuration from starting, without changing anything.
struct Preflight {
    let configuration: Configuration
    let file: String

    func problems() -> [DocumentProblem] {
        certificates()
            + [
                store(), networks("upstreams.allow", configuration.allowedNetworks),
                networks("listen.private_networks", configuration.privateNetworks),
                writable("workers.runtime", configuration.runtimeDirectory), export(), traceHeaders(),
            ].compactMap(\.self)
    }

    private func export() -> DocumentProblem? {
        let setting = "captures.export.directory"
        guard let directory = configuration.export.directory else { return nil }
        do {
            try ExportJournal.read(in: directory)?.check(configuration.export.format, of: nil, in: directory)
            return writable(setting, directory)
        } catch let error as ClientError {
            return problem(setting, error.message, hint: error.details.first)
        } catch {
            return problem(setting, "\(error)")
        }
    }

    private func certificates() -> [DocumentProblem] {
        configuration.certificates.compactMap { files in
            do throws(TLSError) {
                _ = try CertificateStore.check(files)
                return nil
            } catch {
                let hint = "run gatehouse certs init, or name another pair in tls.certificates"
                return problem("tls.certificates", ClientError(error).message, hint: hint)
            }
        }
    }

    private func traceHeaders() -> DocumentProblem? {
        do throws(Problem) {
            _ = try TraceTarget(configuration).headers()
            return nil
        } catch {
            return problem("traces.headers", error.message)
        }
    }

    private func store() -> DocumentProblem? {
        let path = configuration.store
        guard FileManager.default.fileExists(atPath: path) else {
            return writable("store", URL(fileURLWithPath: path).deletingLastPathComponent().path)
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return problem("store", "\(path) cannot be opened for writing")
        }
        do throws(StoreError) {
            try Store.check(path: path)
            return nil
        } catch {
            return problem("store", error.description)
        }
    }

    private func networks(_ setting: String, _ entries: [String]) -> DocumentProblem? {
        do throws(NetworkList.Unreadable) {
            _ = try NetworkList(entries)
            return nil
        } catch {
            return problem(setting, "\(error.entry.debugDescription) is not a network such as 10.0.0.0/8")
        }
    }

    private func writable(_ setting: String, _ folder: String) -> DocumentProblem? {
        Self.obstacle(to: folder).map { problem(setting, $0, hint: "name another folder") }
    }

    /// Why no files can be made in a folder, or in the nearest above it that is there; `nil` where they can.
    static func obstacle(to folder: String) -> String? {
        var url = URL(fileURLWithPath: folder)
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" { url.deleteLastPathComponent() }
        // A path that ends with a slash is a folder's.
        let isFolder = FileManager.default.fileExists(atPath: "\(url.path)/")
        guard isFolder else { return "\(url.path) is a file, not a folder" }
        // To root the kernel's folders look writable.
        let isKernels = ["/proc", "/sys"].contains { "\(url.resolvingSymlinksInPath().path)/".hasPrefix("\($0)/") }
        let isWritable = !isKernels && FileManager.default.isWritableFile(atPath: url.path)
        return isWritable ? nil : "\(url.path) cannot be written"
    }

    private func problem(_ setting: String, _ message: String, hint: String? = nil) -> DocumentProblem {
        DocumentProblem(file: file, message: "\(setting): \(message)", hint: hint)
    }
}

extension ClientError {
    init(_ error: TLSError) {
        switch error {
        case .certificate(let problem): self.init(problem.description)
        case .trust(let reason), .invalidHost(let reason), .handshakeFailed(let reason), .protocolViolation(let reason),
            .authority(let reason), .library(let reason):
            self.init(reason)
        case .handshakeTimedOut: self.init("the TLS handshake was not complete in time")
        case .truncated: self.init("the TLS connection was cut")
        }
    }
}
