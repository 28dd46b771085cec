import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct DeploymentDocumentTests {
    private static let head = "name: blue\nendpoint_name: chat\n"

    @Test func `an upstream deployment is read`() throws {
        let set = try documents(
            Self.head + """
                request_settings: {request_timeout_ms: "60000"}
                environment_variables: {A: 1, B: true}
                gatehouse:
                  upstream:
                    urls: [http://127.0.0.1:9000, "https://models.example.net/v1"]
                    model: Qwen/Qwen2.5-7B-Instruct
                    headers: {Authorization: "Bearer ${env:BACKEND_KEY}"}
                    ca: certs/upstream.pem
                """,
            tenant: "demo"
        )
        let upstream = UpstreamResource(
            urls: ["http://127.0.0.1:9000", "https://models.example.net/v1"],
            model: "Qwen/Qwen2.5-7B-Instruct",
            headers: ["Authorization": "Bearer ${env:BACKEND_KEY}"],
            ca: "certs/upstream.pem"
        )
        #expect(
            set.deployments == [
                DeploymentResource(
                    tenant: "demo",
                    endpoint: "chat",
                    name: "blue",
                    environmentVariables: ["A": "1", "B": "true"],
                    requestSettings: RequestSettingsResource(requestTimeoutMs: 60000),
                    upstream: upstream
                )
            ]
        )
    }

    @Test(arguments: [
        ("model: azureml:smollm2:1", "azureml:smollm2:1"),
        ("model: azureml:smollm2@latest", "azureml:smollm2@latest"),
        ("model: {name: smollm2, version: 2}", "azureml:smollm2:2"),
    ])
    func `a native deployment refers to a registered model`(line: String, reference: String) throws {
        let text =
            Self.head + "instance_type: auto\n\(line)\ngatehouse: {native: {engine: llama, slots: 8, min_instances: 1}}"
        let deployment = try #require(try documents(text, tenant: "demo").deployments.first)
        #expect(deployment.model == reference)
        var native = NativeResource(engine: "llama", slots: 8)
        native.minInstances = 1
        #expect(deployment.native == native)
        #expect(deployment.instanceType == "auto")
    }

    @Test func `request settings and probes have Azure's names`() throws {
        let set = try documents(
            Self.head + """
                request_settings: {max_concurrent_requests_per_instance: 4, max_queue_wait_ms: 2000}
                liveness_probe: {initial_delay: 20, period: 5, timeout: 3, success_threshold: 2, failure_threshold: 4}
                readiness_probe: {period: 7}
                gatehouse:
                  upstream:
                    urls: [http://127.0.0.1:9000]
                    probe: {liveness: /health, readiness: /ready?deep=1}
                """,
            tenant: "demo"
        )
        let deployment = try #require(set.deployments.first)
        let settings = RequestSettingsResource(maxConcurrentRequestsPerInstance: 4, maxQueueWaitMs: 2000)
        #expect(deployment.requestSettings == settings)
        let liveness = ProbeResource(
            initialDelay: 20,
            period: 5,
            timeout: 3,
            successThreshold: 2,
            failureThreshold: 4
        )
        #expect(deployment.livenessProbe == liveness)
        #expect(deployment.readinessProbe == ProbeResource(period: 7))
        #expect(deployment.upstream?.probe == ProbePathsResource(liveness: "/health", readiness: "/ready?deep=1"))
    }

    @Test func `an environment that says its routes is probed there`() throws {
        let set = try documents(
            Self.head + """
                environment:
                  image: registry.example.org/server
                  inference_config:
                    liveness_route: {path: /live, port: 8080}
                    readiness_route: {path: /ready, port: 8080}
                    scoring_route: {path: /score, port: 8080}
                gatehouse: {upstream: {urls: [http://127.0.0.1:9000]}}
                """,
            tenant: "demo"
        )
        let expected = ProbePathsResource(liveness: "/live", readiness: "/ready")
        #expect(set.deployments.first?.upstream?.probe == expected)
        #expect(set.warnings.count == 1 && set.warnings.first?.message.contains("ports of inference_config") == true)
    }

    @Test func `the scoring route of an environment is read, and what cannot be one is told`() throws {
        func read(_ route: String) throws -> DocumentSet {
            try documents(
                Self.head + """
                    environment: {image: server, inference_config: {scoring_route: {path: "\(route)"}}}
                    gatehouse: {upstream: {urls: [http://127.0.0.1:9000]}}
                    """,
                tenant: "demo"
            )
        }
        let good = try read("/predict")
        #expect(good.deployments.first?.environment?.scoring == "/predict" && good.warnings.isEmpty)
        let bad = try read("/predict?x=1")
        #expect(bad.deployments.first?.environment?.scoring == nil)
        #expect(bad.warnings.map(\.message).contains { $0.contains("scoring_route") })
    }

    @Test func `what a worker has no use for is warned about`() throws {
        let set = try documents(
            Self.head + """
                model: azureml:small:1
                environment: {image: server, inference_config: {scoring_route: {path: /predict}}}
                readiness_probe: {period: 5, timeout: 3}
                gatehouse: {native: {slots: 2}}
                """,
            tenant: "demo"
        )
        #expect(set.warnings.compactMap(\.line).sorted() == [4, 5])
    }

    @Test func `a document that az takes is read: what serves it is the gateway's to choose`() throws {
        let text =
            Self.head + """
                model: {name: small, path: ./model/m.gguf, type: custom_model}
                environment: azureml:env@latest
                environment_variables: {GATEHOUSE_UPSTREAM_URLS: "http://127.0.0.1:9000"}
                instance_type: Standard_DS3_v2
                instance_count: 1
                """
        let file = try YAMLFile(name: "/some/where/f.yaml", text: text)
        let deployment = try #require(try DocumentSet.read([file], tenant: "demo").deployments.first)
        #expect(deployment.upstream == nil && deployment.native == nil && deployment.model == nil)
        #expect(deployment.modelSource == ModelSourceResource(name: "small", path: "/some/where/model/m.gguf"))
        #expect(deployment.environment == EnvironmentResource(reference: "azureml:env@latest"))
    }

    @Test(arguments: [
        ("path: m.gguf", ModelSourceResource(path: "/some/where/m.gguf")),
        ("{name: m, version: 3, path: /a/m.gguf}", ModelSourceResource(name: "m", version: "3", path: "/a/m.gguf")),
        (
            "{path: 'azureml://datastores/workspaceblobstore/paths/a'}",
            ModelSourceResource(path: "azureml://datastores/workspaceblobstore/paths/a")
        ),
    ])
    func `the path of a model counts from its document's folder`(model: String, expected: ModelSourceResource) throws {
        let spelled = model.hasPrefix("{") ? model : "{\(model)}"
        let file = try YAMLFile(
            name: "/some/where/f.yaml",
            text: Self.head + "model: \(spelled)\ngatehouse: {native: {}}"
        )
        let deployment = try #require(try DocumentSet.read([file], tenant: "demo").deployments.first)
        #expect(deployment.modelSource == expected)
    }

    @Test func `an environment that the document describes is told with its image and its routes`() throws {
        let set = try documents(
            Self.head + """
                environment:
                  name: env
                  image: registry.example.org/server:1
                  inference_config: {liveness_route: {path: /live}}
                """,
            tenant: "demo"
        )
        let expected = EnvironmentResource(
            name: "env:1",
            image: "registry.example.org/server:1",
            probe: ProbePathsResource(liveness: "/live")
        )
        #expect(set.deployments.first?.environment == expected)
    }

    @Test func `what has no meaning here is warned about, not refused`() throws {
        let set = try documents(
            Self.head + """
                environment: azureml:sklearn:1
                code_configuration: {code: src, scoring_script: score.py}
                instance_type: Standard_DS3_v2
                instance_count: 3
                app_insights_enabled: true
                scale_settings: {type: default}
                data_collector: {collections: {model_inputs: {enabled: 'false'}}}
                gatehouse: {upstream: {urls: [http://127.0.0.1:9000]}}
                """,
            tenant: "demo"
        )
        #expect(set.warnings.map(\.line) == [3, 4, 6, 7])
    }

    @Test func `a data collector is a capture rule, whose collections are halves`() throws {
        let set = try documents(
            Self.head + """
                data_collector:
                  collections:
                    model_outputs: {enabled: 'True', data: {name: d, path: 'azureml://datastores/d/paths/p'}}
                    response: {enabled: 'true'}
                    request: {enabled: 'false'}
                  sampling_rate: 0.25
                  rolling_rate: Minute
                  request_logging: {capture_headers: [X-Trace, Content-Type]}
                gatehouse: {upstream: {urls: [http://127.0.0.1:9000]}}
                """,
            tenant: "demo"
        )
        let expected = CaptureResource(
            headers: ["content-type", "x-trace"],
            collections: [
                .init(name: "model_outputs", samplingRate: 0.25), .init(name: "response", samplingRate: 0.25),
            ],
            rollingRate: "minute"
        )
        #expect(set.deployments.first?.capture == expected)
        #expect(set.warnings.map(\.line) == [5])
    }

    @Test func `a data collector does not stand beside a capture rule of ours`() throws {
        let found = problems(
            in: Self.head + """
                data_collector: {collections: {request: {enabled: 'true'}}}
                gatehouse: {upstream: {urls: [http://127.0.0.1:9000]}, capture: {sampling_rate: 1}}
                """
        )
        #expect(found.count == 1 && found.first?.contains("data_collector: stands beside gatehouse.capture") == true)
    }

    @Test(arguments: [
        ("gatehouse: {upstream: {urls: []}}", "gatehouse.upstream.urls: is required"),
        ("gatehouse: {upstream: {urls: ['ftp://a']}}", "gatehouse.upstream.urls: \"ftp://a\" must begin with"),
        (
            "gatehouse: {upstream: {urls: ['http://a'], probe: {liveness: health}}}",
            "gatehouse.upstream.probe.liveness: \"health\" is not a path"
        ),
        ("gatehouse: {upstream: {urls: ['http://a'], header: {}}}", "did you mean headers?"),
        ("gatehouse: {upstream: {urls: ['http://a']}, native: {slots: 1}}", "stands beside upstream"),
        ("gatehouse: {native: {slots: 1}}", "a native deployment needs a model"),
        (
            "model: azureml:m:1\ngatehouse: {native: {min_instances: 65}}",
            "gatehouse.native.min_instances: 65 is out of range; it must be 0 to 64"
        ),
        (
            "model: azureml:m:1\ngatehouse: {native: {min_instances: 3, max_instances: 2}}",
            "gatehouse.native.max_instances: 2 is less than min_instances"
        ),
        (
            "model: azureml:m:1\ngatehouse: {native: {devices: [0]}}",
            "gatehouse.native.devices: not built yet"
        ),
        ("model: azureml:m:1\ngatehouse: {native: {engine: onnx}}", "onnx is not one of llama"),
        ("model: azureml:m:1\ngatehouse: {native: {slots: 0}}", "0 is out of range; it must be 1 to 64"),
        ("model: azureml:m:1\ngatehouse: {native: {slots: 65}}", "65 is out of range; it must be 1 to 64"),
        ("model: azureml:m:1\ngatehouse: {native: {threads: 257}}", "257 is out of range; it must be 0 to 256"),
        ("model: azureml:m:1\ngatehouse: {native: {context: 15}}", "write 0 for the model's own, or at least 16"),
        ("model: azureml:m:1\ngatehouse: {native: {context: 4194305}}", "it must be 0 to 4194304"),
        ("environment: {iamge: a}", "environment.iamge: unknown key; did you mean image?"),
        ("environment: {build: {paht: a}}", "environment.build.paht: unknown key; did you mean path?"),
        ("environment: {inference_config: {livenes_route: {path: /a}}}", "did you mean liveness_route?"),
        (
            "environment: {inference_config: {liveness_route: {path: /a, prot: 1}}}",
            "environment.inference_config.liveness_route.prot: unknown key; did you mean port?"
        ),
        ("code_configuration: {cod: src}", "code_configuration.cod: unknown key; did you mean code?"),
        ("model: m:1\ngatehouse: {native: {slots: 1}}", "is not a reference to a registered model"),
        ("model: azureml://registries/r/models/m/versions/1\ngatehouse: {native: {slots: 1}}", "not built yet"),
        ("model: {path: ./m, version: 1}", "model.version: stands without a name"),
        ("model: {name: m, path: ./m, datastore: d}", "model.datastore: not built yet"),
    ])
    func `what cannot serve is refused`(rest: String, reason: String) {
        let found = problems(in: Self.head + rest)
        #expect(found.contains { $0.contains(reason) }, "\(found)")
    }

    @Test(arguments: [
        (
            "request_settings: {max_concurrent_requests_per_instance: 0}",
            "request_settings.max_concurrent_requests_per_instance: 0 is out of range"
        ),
        ("request_settings: {max_queue_wait_ms: 600001}", "request_settings.max_queue_wait_ms: 600001 is out of range"),
        ("request_settings: {request_timeout_ms: -1}", "-1 is out of range"),
        ("request_settings: {request_timeout_ms: soon}", "must be a whole number"),
        ("liveness_probe: {period: 0}", "liveness_probe.period: 0 is out of range"),
        ("readiness_probe: {periods: 10}", "readiness_probe.periods: unknown key; did you mean period?"),
        (
            "data_collector: {collections: {audit: {enabled: 'true'}}}",
            "data_collector.collections.audit: only a scoring script fills it"
        ),
        ("data_collector: {collections: {request: {}}}", "data_collector.collections.request.enabled: is required"),
        ("data_collector: {collections: {request: {enabled: perhaps}}}", "request.enabled: must be true or false"),
        ("data_collector: {rolling_rate: week}", "week is not one of minute, hour, day, month, year"),
        ("data_collector: {sampling_rate: 1.5}", "data_collector.sampling_rate: must be a number from 0.0 to 1.0"),
        ("egress_public_network_access: maybe", "maybe is not one of enabled, disabled"),
        ("type: kubernetes", "kubernetes deployments are not supported"),
        ("scale_settings: {type: target_utilization}", "scale_settings.type: target_utilization is not built yet"),
        ("private_network_connection: true", "private_network_connection: not built yet"),
        ("instance_count: many", "instance_count: must be a whole number"),
        ("app_insights_enabled: maybe", "app_insights_enabled: must be true or false"),
        ("environment_variables: [A]", "environment_variables: must be a mapping"),
        ("endpoint: chat", "endpoint: unknown key; did you mean endpoint_name?"),
    ])
    func `a setting without behaviour is refused, never ignored`(line: String, reason: String) throws {
        let found = problems(in: Self.head + "\(line)\ngatehouse: {upstream: {urls: ['http://a']}}")
        #expect(found.count == 1)
        #expect(try #require(found.first).hasPrefix("f.yaml:3: "))
        #expect(found.contains { $0.contains(reason) }, "\(found)")
    }
}
