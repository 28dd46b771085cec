import GatewayAdmin
import GatewayCore
import GatewayStore
import GatewayTLS
import GatewayWorkers
import Testing

@testable import gatehouse

@Suite struct ConfigurationTests {
    private static let tls = "tls: {certificates: [{certificate: c.pem, key: k.pem}]}\n"

    private func load(
        _ text: String,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws -> Configuration {
        try Configuration.load(YAMLFile(name: "g.yaml", text: text), environment: environment, flags: flags).get()
    }

    private func problems(
        _ text: String,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws -> [String] {
        do {
            _ = try load(text, environment: environment, flags: flags)
            return []
        } catch let found as DocumentProblems {
            return found.problems.map(\.description)
        }
    }

    @Test func `what a file leaves out has its default`() throws {
        let configuration = try load(Self.tls)
        var expected = Configuration()
        expected.certificates = [CertificateFiles(certificate: "c.pem", key: "k.pem")]
        #expect(configuration == expected)
        #expect(configuration.publicURL == "https://localhost:8443")
        #expect(configuration.admin.localURL == "https://127.0.0.1:8444")
    }

    @Test func `models is a folder, or a section that says how they are pulled`() throws {
        let text = "models: {folder: m, limit: 2GiB, hub: 'https://hub.test/', ca: ca.pem, offline: true}"
        let configuration = try load(Self.tls + text)
        let pulls = ModelSettings(limit: 2 << 30, hub: "https://hub.test", isOffline: true, authority: "ca.pem")
        #expect(configuration.models == "m" && configuration.pulls == pulls)
        #expect(try load(Self.tls + "models: m").pulls == ModelSettings())
        let environment = ["GATEHOUSE_MODELS_LIMIT": "1TiB", "GATEHOUSE_MODELS_OFFLINE": "false"]
        let other = try load(Self.tls + text, environment: environment)
        #expect(other.pulls.limit == 1 << 40 && !other.pulls.isOffline && other.models == "m")
        let wrong = try problems(Self.tls + "models: {limit: many, hub: hub.test, offline: maybe, mirror: x}")
        #expect(wrong.count == 4, "\(wrong)")
    }

    @Test func `every key is read`() throws {
        let configuration = try load(
            """
            listen: {gateway: "0.0.0.0:9443", admin: "[::1]:9444", public: "https://m.example.com:9443/", domain: M.example.com, private_networks: [10.0.0.0/8]}
            tls:
              certificates:
                - {certificate: a.pem, key: a.key}
                - {certificate: b.pem, key: b.key, hosts: [b.example.org]}
            threads: 2
            store: s/g.db
            models: s/models
            workers: {runtime: s/run, devices: cpu}
            upstreams: {allow: [127.0.0.0/8], tenants: {demo: [10.0.0.0/8, "::1"]}}
            issuers: {allow_http: ["127.0.0.1:8080", "[::1]:9"]}
            secrets: {env: [A], files: [/run/secrets]}
            """
        )
        #expect(configuration.gateway == ListenAddress(host: "0.0.0.0", port: 9443))
        #expect(configuration.admin.localURL == "https://[::1]:9444")
        #expect(configuration.publicURL == "https://m.example.com:9443")
        #expect(configuration.domain == "m.example.com")
        #expect(configuration.certificates.map(\.hosts) == [[], ["b.example.org"]])
        #expect(configuration.threads == 2)
        #expect(configuration.store == "s/g.db")
        #expect(configuration.models == "s/models")
        #expect(configuration.runtimeDirectory == "s/run")
        #expect(configuration.devices == .cpu)
        #expect(configuration.allowedNetworks == ["127.0.0.0/8"])
        #expect(configuration.tenantNetworks == ["demo": ["10.0.0.0/8", "::1"]])
        #expect(configuration.privateNetworks == ["10.0.0.0/8"])
        #expect(configuration.httpIssuers == ["127.0.0.1:8080", "[::1]:9"])
        #expect(configuration.secretVariables == ["A"])
        #expect(configuration.secretFiles == ["/run/secrets"])
    }

    @Test func `captures are kept for so many days, in such a number and size`() throws {
        #expect(try load(Self.tls).captures == CaptureRetention(days: 30, rows: 1_000_000, bytes: 10 << 30))
        let text = Self.tls + "captures: {days: 7, count: 5000, limit: 2GiB}"
        #expect(try load(text).captures == CaptureRetention(days: 7, rows: 5000, bytes: 2 << 30))
        let environment = ["GATEHOUSE_CAPTURES_DAYS": "3650", "GATEHOUSE_CAPTURES_LIMIT": "16MiB"]
        let other = CaptureRetention(days: 3650, rows: 5000, bytes: 16 << 20)
        #expect(try load(text, environment: environment).captures == other)
    }

    @Test(arguments: [
        ("days: 0", "captures.days: \"0\" is out of range; it must be 1 to 3650"),
        ("days: week", "captures.days: \"week\" is out of range; it must be 1 to 3650"),
        ("count: 100000001", "captures.count: \"100000001\" is out of range; it must be 1 to 100000000"),
        ("limit: 15MiB", "captures.limit: \"15MiB\" is no size from 16MiB; write 10GiB"),
        ("limit: much", "captures.limit: \"much\" is no size from 16MiB; write 10GiB"),
        ("rows: 1", "captures.rows: unknown key"),
    ])
    func `captures that could not be kept so are refused with a sentence`(text: String, sentence: String) throws {
        let wrong = try problems(Self.tls + "captures: {\(text)}")
        #expect(wrong.count == 1 && wrong.first?.contains(sentence) == true, "\(wrong)")
    }

    @Test func `captures are exported where a folder is named`() throws {
        #expect(try load(Self.tls + "captures: {days: 1}").export == ExportSettings())
        let text = "captures: {export: {directory: out, format: KServe, rolling_rate: Minute}}"
        let expected = ExportSettings(directory: "out", format: .kserve, rollingRate: .minute)
        #expect(try load(Self.tls + text).export == expected)
        let environment = ["GATEHOUSE_CAPTURES_EXPORT_ROLLING_RATE": "day"]
        #expect(try load(Self.tls + text, environment: environment).export.rollingRate == .day)
        let wrong = try problems(Self.tls + "captures: {export: {format: csv, rolling_rate: week, to: x}}")
        #expect(wrong.count == 4, "\(wrong)")
        #expect(wrong.contains { $0.contains("captures.export.directory: is required") }, "\(wrong)")
    }

    @Test func `devices are all, none, or those of a list by place or name`() throws {
        #expect(try load(Self.tls).devices == .auto)
        #expect(try load(Self.tls + "workers: {devices: auto}").devices == .auto)
        let list = DevicePolicy.only([.index(0), .name("CUDA1")])
        #expect(try load(Self.tls + "workers: {devices: [0, CUDA1]}").devices == list)
        let environment = ["GATEHOUSE_WORKERS_DEVICES": "0,CUDA1"]
        #expect(try load(Self.tls + "workers: {devices: cpu}", environment: environment).devices == list)
        #expect(try problems(Self.tls + "workers: {devices: []}").count == 1)
    }

    @Test func `backends are a folder that is there`() throws {
        #expect(try load(Self.tls).backends == nil)
        #expect(try load(Self.tls + "workers: {backends: /tmp}").backends == "/tmp")
        #expect(try load(Self.tls, environment: ["GATEHOUSE_WORKERS_BACKENDS": "/usr"]).backends == "/usr")
    }

    @Test func `how long a step of a worker may take is a number of seconds`() throws {
        #expect(try load(Self.tls).stepLimit == nil)
        #expect(try load(Self.tls + "workers: {step_seconds: 300}").stepLimit == .seconds(300))
        #expect(try load(Self.tls, environment: ["GATEHOUSE_WORKERS_STEP_SECONDS": "5"]).stepLimit == .seconds(5))
        for wrong in ["0", "86401", "1.5", "long"] {
            #expect(try problems(Self.tls + "workers: {step_seconds: \(wrong)}").count == 1)
        }
    }

    @Test func `a flag wins over the environment, which wins over the file`() throws {
        let text = Self.tls + "threads: 1\nstore: file.db\nmodels: file"
        let configuration = try load(
            text,
            environment: [
                "GATEHOUSE_STORE": "env.db", "GATEHOUSE_MODELS": "env", "GATEHOUSE_LISTEN_ADMIN": "127.0.0.1:1",
            ],
            flags: ["models": "flag"]
        )
        #expect(configuration.threads == 1)
        #expect(configuration.store == "env.db")
        #expect(configuration.models == "flag")
        #expect(configuration.admin.port == 1)
    }

    @Test(arguments: [
        ("listn: {}", "g.yaml:2: listn: unknown key; did you mean listen?"),
        ("listen:\n  gatway: 0.0.0.0:1", "g.yaml:3: listen.gatway: unknown key; did you mean gateway?"),
        ("listen: {gateway: here}", "g.yaml:2: listen.gateway: \"here\" is not an address; write 127.0.0.1:8443"),
        (
            "listen: {gateway: '0.0.0.0:99999'}",
            "g.yaml:2: listen.gateway: \"0.0.0.0:99999\" is not an address; write 127.0.0.1:8443"
        ),
        (
            "listen: {public: 'http://a'}",
            "g.yaml:2: listen.public: \"http://a\" is not a base URL; write https://models.example.com:8443"
        ),
        ("listen: {private_networks: 10.0.0.0/8}", "g.yaml:2: listen.private_networks: must be a list; write [a, b]"),
        ("threads: 0", "g.yaml:2: threads: \"0\" is not a number of event loops; use auto or 1 to 1024"),
        (
            "workers: {backends: /no/such/folder}",
            "g.yaml:2: workers.backends: \"/no/such/folder\" does not exist; name the folder that has the engine's "
                + "libggml-cpu and libggml-cuda files"
        ),
        (
            "workers: {backends: /etc/passwd}",
            "g.yaml:2: workers.backends: \"/etc/passwd\" is not a folder; name the folder that has the engine's "
                + "libggml-cpu and libggml-cuda files"
        ),
        (
            "workers: {devices: gpu 1}",
            "g.yaml:2: workers.devices: \"gpu 1\" names no devices; write auto, cpu, or GPUs as gatehouse devices shows "
                + "them: [0, 1] or [CUDA0], each once"
        ),
        (
            "workers: {devices: [0, 0]}",
            "g.yaml:2: workers.devices: is no list of GPUs; write auto, cpu, or GPUs as gatehouse devices shows them: "
                + "[0, 1] or [CUDA0], each once"
        ),
        (
            "issuers: {allow_http: ['http://a']}",
            "g.yaml:2: issuers.allow_http: \"http://a\" is not an address; write 127.0.0.1:8080, 127.0.0.0/8 or a host name"
        ),
        ("issuers: {alow_http: []}", "g.yaml:2: issuers.alow_http: unknown key; did you mean allow_http?"),
        ("store: [a]", "g.yaml:2: store: must be text"),
        ("secrets: {env: A}", "g.yaml:2: secrets.env: must be a list; write [a, b]"),
    ])
    func `what is wrong is told with its line and a hint`(text: String, problem: String) throws {
        #expect(try problems(Self.tls + text) == [problem])
    }

    @Test func `a start without a certificate is refused`() throws {
        #expect(
            try problems("threads: 1")
                == [
                    "g.yaml:1: tls: certificates are required; run gatehouse certs init, then name certificate and key here"
                ]
        )
    }

    @Test func `a bad value outside the file names its source`() throws {
        #expect(
            try problems(Self.tls, environment: ["GATEHOUSE_THREADS": "many"])
                == ["GATEHOUSE_THREADS: \"many\" is not a number of event loops; use auto or 1 to 1024"]
        )
        #expect(
            try problems(Self.tls, flags: ["thread": "1"]) == ["--set thread: unknown setting; did you mean threads?"]
        )
    }
}
