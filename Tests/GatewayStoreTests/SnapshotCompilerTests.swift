import Foundation
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct SnapshotCompilerTests {
    private static let base = Definitions(
        tenants: [TenantDefinition(name: "demo")],
        endpoints: ApplyDocuments.demo.endpoints,
        deployments: [.blue, .green]
    )

    /// The codes of everything wrong with the base after an edit.
    private func codes(_ edit: (inout Definitions) -> Void) -> [Problem.Code] {
        var definitions = Self.base
        edit(&definitions)
        do throws(StoreError) {
            _ = try TemporaryStore.compiler().compile(definitions)
        } catch {
            if case .invalid(let problems) = error { return problems.map(\.code) }
        }
        return []
    }

    private func upstreamCodes(_ edit: (inout UpstreamDefinition) -> Void) -> [Problem.Code] {
        var upstream = UpstreamDefinition(urls: ["http://127.0.0.1:1"])
        edit(&upstream)
        return codes { $0.deployments[1].serving = .upstream(upstream) }
    }

    @Test func `good definitions compile`() throws {
        #expect(codes { _ in } == [])
    }

    @Test(arguments: ["v1", "openai", "healthz"])
    func `reserved tenant names are refused`(name: String) {
        #expect(
            codes { $0.tenants.append(TenantDefinition(name: name)) }.contains(where: {
                [.reservedName, .invalidName].contains($0)
            })
        )
    }

    @Test(arguments: ["ab", "Demo", "1demo", "de_mo", "démo", "", String(repeating: "a", count: 33), "de\nmo"])
    func `tenant names outside of the rule are refused`(name: String) {
        #expect(codes { $0.tenants.append(TenantDefinition(name: name)) } == [.invalidName])
    }

    @Test(arguments: ["ab", "1chat", "chat-", "ch_at", "ch at", "chat/x"])
    func `endpoint and deployment names outside of the rule are refused`(name: String) {
        #expect(codes { $0.endpoints.append(EndpointDefinition(tenant: "demo", name: name)) } == [.invalidName])
        var deployment = DeploymentDefinition.green
        deployment.name = name
        let named = deployment
        #expect(codes { $0.deployments.append(named) } == [.invalidName])
    }

    @Test(arguments: [
        ["blue": 90, "green": 9], ["blue": 100, "green": 100], ["blue": 1], ["blue": 150, "green": -50],
        ["blue": Int.max, "green": 1],
    ])
    func `weights that do not sum to 100 are refused`(traffic: [String: Int]) {
        let found = codes { $0.endpoints[0].traffic = traffic }
        #expect(!found.isEmpty && found.allSatisfy { $0 == .invalidTraffic })
    }

    @Test(arguments: [[:], ["blue": 0], ["blue": 0, "green": 0], ["blue": 100], ["blue": 1, "green": 99]])
    func `weights that sum to 100 or are all zero are taken`(traffic: [String: Int]) {
        #expect(codes { $0.endpoints[0].traffic = traffic } == [])
    }

    @Test func `traffic to a deployment that does not exist is refused`() {
        #expect(codes { $0.endpoints[0].traffic = ["red": 100] } == [.unknownDeployment])
    }

    @Test func `a host belongs to one endpoint of the gateway`() {
        let found = codes {
            $0.tenants.append(TenantDefinition(name: "other"))
            $0.endpoints.append(EndpointDefinition(tenant: "other", name: "mine", hosts: ["chat.example.org"]))
        }
        #expect(found == [.nameTaken])
    }

    @Test func `a claim of another tenant is refused without naming it`() {
        var definitions = Self.base
        definitions.tenants.append(TenantDefinition(name: "other"))
        definitions.endpoints.append(EndpointDefinition(tenant: "other", name: "mine", hosts: ["chat.example.org"]))
        let refused = definitions
        let error = #expect(throws: StoreError.self) { try TemporaryStore.compiler().compile(refused) }
        #expect(error?.description.contains("demo") == false)
    }

    @Test func `a model name belongs to one endpoint of its tenant`() {
        func second(_ tenant: String, _ names: [String]) -> [Problem.Code] {
            codes {
                if tenant != "demo" { $0.tenants.append(TenantDefinition(name: tenant)) }
                $0.endpoints.append(EndpointDefinition(tenant: tenant, name: "second", modelNames: names))
            }
        }
        #expect(second("demo", ["gpt-4.1-mini"]) == [.nameTaken])
        #expect(second("demo", ["chat"]) == [.nameTaken])
        #expect(second("demo", ["second"]) == [])
        #expect(second("other", ["gpt-4.1-mini"]) == [])
    }

    @Test(arguments: ["Chat.example.org", "chat.example.org:443", "-a.org", "a..org", "127.0.0.1", "localhost"])
    func `hosts that are not lower-case DNS names are refused`(host: String) {
        #expect(Set(codes { $0.endpoints[0].hosts = [host] }) == [.invalidName])
    }

    @Test(arguments: [
        "Host", "Content-Length", "transfer-encoding", "Connection", "TE", "Upgrade", "X-Forwarded-For", "a b", "",
        "x:y",
    ])
    func `headers that are the gateway's own or no headers are refused`(name: String) {
        #expect(upstreamCodes { $0.headers = [UpstreamHeader(name: name, value: "x")] } == [.invalidHeader])
    }

    @Test(arguments: ["a\r\nb: c", "a\nb", "\u{0}", " a", "a\u{7f}"])
    func `header values that could split a request are refused`(value: String) {
        #expect(upstreamCodes { $0.headers = [UpstreamHeader(name: "x-a", value: value)] } == [.invalidHeader])
    }

    @Test(arguments: [
        ("${env:HOME}", Problem.Code.secretRefused), ("${env:UNSET}", .secretUnreadable),
        ("${file:/etc/passwd}", .secretRefused),
        ("${env:BACKEND_KEY", .secretRefused), ("${BACKEND_KEY}", .secretRefused),
    ])
    func `references that are not listed or cannot be read are refused`(value: String, code: Problem.Code) {
        #expect(upstreamCodes { $0.headers = [UpstreamHeader(name: "x-a", value: value)] } == [code])
    }

    @Test func `the environment's value is never in a refusal`() {
        let resolver = SecretResolver(env: ["A"], environment: ["A": "canary\r\nx: y"])
        let compiler = SnapshotCompiler(
            domain: nil,
            runtimeDirectory: "/r",
            secrets: resolver,
            instances: InstanceRegistry()
        )
        var definitions = Self.base
        let upstream = UpstreamDefinition(
            urls: ["http://a.b"],
            headers: [UpstreamHeader(name: "x-a", value: "${env:A}")]
        )
        definitions.deployments[0].serving = .upstream(upstream)
        let refused = definitions
        let error = #expect(throws: StoreError.self) { try compiler.compile(refused) }
        #expect(error?.description.contains("canary") == false)
    }

    @Test(arguments: [
        "ftp://a", "http://", "http://a@b", "http://a/?x", "unix:relative", "http://a:0", "http://a:99999",
        "http://a b",
    ])
    func `upstream URLs that cannot be dialled are refused`(url: String) {
        #expect(upstreamCodes { $0.urls = [url] } == [.invalidURL])
    }

    @Test func `an upstream needs a URL and no URL twice`() {
        #expect(upstreamCodes { $0.urls = [] } == [.invalidURL])
        #expect(upstreamCodes { $0.urls = ["http://a.b", "http://a.b"] } == [.duplicate])
    }

    private static func scaled(_ scale: InstanceScale) -> NativeDefinition {
        var native = NativeDefinition()
        native.scale = scale
        return native
    }

    @Test func `a certificate authority that cannot be read is refused`() {
        #expect(upstreamCodes { $0.certificateAuthority = "/nowhere.pem" } == [.fileUnreadable])
    }

    @Test(arguments: [
        NativeDefinition(engine: "other"), NativeDefinition(slots: 0), NativeDefinition(slots: 65),
        NativeDefinition(context: -1), NativeDefinition(context: 15), NativeDefinition(context: 4_194_305),
        NativeDefinition(threads: -1), NativeDefinition(threads: 257),
        SnapshotCompilerTests.scaled(InstanceScale(least: -1, most: 1)),
        SnapshotCompilerTests.scaled(InstanceScale(least: 1, most: 65)),
        SnapshotCompilerTests.scaled(InstanceScale(least: 3, most: 2)),
        SnapshotCompilerTests.scaled(InstanceScale(idleSeconds: 0)),
        SnapshotCompilerTests.scaled(InstanceScale(targetRequests: 0)),
    ])
    func `native settings outside of their ranges are refused`(native: NativeDefinition) {
        let found = codes {
            $0.models = [
                ModelDefinition(
                    tenant: "demo",
                    name: "m",
                    version: "1",
                    path: "/m",
                    sha256: String(repeating: "a", count: 64),
                    size: 1
                )
            ]
            $0.deployments[1].serving = .native(native)
            $0.deployments[1].model = ModelReference(name: "m", version: "1")
        }
        #expect(found == [.invalidValue])
    }

    @Test(arguments: [0, -1, 86_400_001])
    func `timeouts outside of their range are refused`(milliseconds: Int) {
        #expect(
            codes { $0.deployments[0].settings = RequestSettings(timeoutMilliseconds: milliseconds) } == [.invalidValue]
        )
    }

    @Test func `a runtime directory that makes sockets too long is refused`() async throws {
        let directory = "/" + String(repeating: "x", count: 100)
        let compiler = SnapshotCompiler(domain: nil, runtimeDirectory: directory, instances: InstanceRegistry())
        var definitions = Self.base
        definitions.models = [
            ModelDefinition(
                tenant: "demo",
                name: "smollm2",
                version: "1",
                path: "/m",
                sha256: String(repeating: "a", count: 64),
                size: 1
            )
        ]
        definitions.deployments = [.local]
        definitions.endpoints[0].traffic = ["local": 100]
        let refused = definitions
        let error = #expect(throws: StoreError.self) { try compiler.compile(refused) }
        #expect(error?.description.contains("workers.runtime") == true)
    }

    @Test func `every problem is reported at once`() {
        let found = codes {
            $0.endpoints[0].traffic = ["blue": 1]
            $0.endpoints[0].hosts = ["UPPER"]
            $0.deployments[0].serving = .upstream(UpstreamDefinition(urls: ["x"]))
        }
        #expect(Set(found) == [.invalidTraffic, .invalidName, .invalidURL])
    }

    @Test func `a secret file is read from a listed folder only and again after a change`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("secrets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("green")
        try "one\n".write(to: file, atomically: true, encoding: .utf8)
        let temporary = try await TemporaryStore(secretFiles: [folder.path]).configured()
        var green = DeploymentDefinition.green
        green.serving = .upstream(
            UpstreamDefinition(
                urls: ["http://a.b"],
                headers: [UpstreamHeader(name: "api-key", value: "${file:\(file.path)}")]
            )
        )
        _ = try await temporary.store.putDeployment(green)
        let served = {
            temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments[1].headers.first?.value
        }
        #expect(served() == "one")
        let unchanged = temporary.snapshots.current
        try await temporary.store.refresh()
        #expect(temporary.snapshots.current === unchanged)
        try "two\n".write(to: file, atomically: true, encoding: .utf8)
        try await temporary.store.refresh()
        #expect(served() == "two")
    }

    @Test func `a link in a listed folder opens nothing outside of it`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("secrets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let link = folder.appendingPathComponent("link")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "/etc/passwd")
        let resolver = SecretResolver(files: [folder.path], environment: [:])
        for path in [link.path, folder.path + "/../../etc/passwd"] {
            let problem = #expect(throws: Problem.self) {
                try resolver.resolve("${file:\(path)}", resource: "r", field: "f")
            }
            #expect(problem?.code == .secretRefused)
        }
    }
}
