import Foundation
import GatewayAPI
import GatewayStore

/// The folder of uploaded files: one below it per tenant, named as blobs are.
struct ArtifactFolder: Sendable {
    private static let mostSearched = 10_000

    let root: String

    /// Absolute, whatever the gateway's working directory is later.
    init(root: String) {
        self.root = URL(fileURLWithPath: root).standardizedFileURL.path
    }

    func folder(of tenant: String) -> String { "\(root)/\(tenant)" }

    /// Where a blob lies, or would.
    func path(of blob: BlobName) -> String {
        "\(folder(of: blob.tenant))/files/\(blob.segments.joined(separator: "/"))"
    }

    /// The file that a model's URI means, when the pool can run it; reads the disk.
    func locate(_ uri: String, tenant: String) -> ModelLocation {
        guard let path = path(ofURI: uri, tenant: tenant) else {
            return .missing("its model is \(uri), which is not on this machine")
        }
        return locate(path: path, named: uri)
    }

    /// The same for an absolute path.
    func locate(path: String, named uri: String) -> ModelLocation {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            return .missing("its model is \(uri), and no such file is there")
        }
        if !isFolder.boolValue {
            return ModelHeader.refusal(path: path).map { .missing("the file of its model \($0)") } ?? .file(path)
        }
        let found = models(in: path)
        guard found.count == 1, let only = found.first else {
            return .missing("the folder of its model holds \(found.count) GGUF files, where it must be one")
        }
        return .file(only)
    }

    /// Of `azureml://…/datastores/workspaceblobstore/paths/…` and `file:///…`; `nil` for what is somewhere else.
    func path(ofURI uri: String, tenant: String) -> String? {
        if uri.hasPrefix("file:///") {
            return PercentEncoding.decode(uri.dropFirst("file://".count))
        }
        let marker = "/datastores/\(AzureDatastoreCalls.name)/paths/"
        guard uri.lowercased().hasPrefix("azureml:/"), let range = uri.range(of: marker, options: .caseInsensitive)
        else { return nil }
        return BlobName(tenant: tenant, plain: String(uri[range.upperBound...])).map(path)
    }

    private func models(in folder: String) -> [String] {
        guard let files = FileManager.default.enumerator(atPath: folder) else { return [] }
        var found: [String] = []
        for case let name as String in files.lazy.prefix(Self.mostSearched) {
            let path = "\(folder)/\(name)"
            if name.lowercased().hasSuffix(".gguf"), Self.isGGUF(path) { found.append(path) }
        }
        return found.sorted()
    }

    /// Four bytes say it.
    static func isGGUF(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        return (try? file.read(upToCount: 4)) == Data("GGUF".utf8)
    }
}
