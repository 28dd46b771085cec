import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct EndpointDocumentTests {
    @Test func `Azure's own document is read unchanged`() throws {
        let set = try documents(
            """
            $schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json
            name: chat
            description: talks
            auth_mode: key
            identity: {type: SystemAssigned}
            public_network_access: Enabled
            tags: {team: a, cost: 12}
            traffic: {blue: "90", green: 10.9}
            mirror_traffic: {}
            """,
            tenant: "demo"
        )
        #expect(
            set.endpoints == [
                EndpointResource(
                    tenant: "demo",
                    name: "chat",
                    description: "talks",
                    traffic: ["blue": 90, "green": 10],
                    tags: ["team": "a", "cost": "12"]
                )
            ]
        )
    }

    @Test(arguments: [
        ("[green, local]", FallbackResource(to: ["green", "local"])),
        (
            "{to: [green], statuses: [429, 503], allow_other_model: true}",
            FallbackResource(to: ["green"], statuses: [429, 503], allowOtherModel: true)
        ),
    ])
    func `a fallback is a list, or says more`(text: String, fallback: FallbackResource) throws {
        let set = try documents("name: chat\ngatehouse: {tenant: demo, fallback: \(text)}")
        #expect(set.endpoints.first?.fallback == fallback)
    }

    @Test func `our additions are under gatehouse`() throws {
        let set = try documents(
            """
            name: chat
            gatehouse:
              tenant: demo
              model_names: [gpt-4.1-mini, meta-llama/Llama-3-8B]
              hosts: [Chat.example.org]
            """
        )
        let endpoint = try #require(set.endpoints.first)
        #expect(endpoint.modelNames == ["gpt-4.1-mini", "meta-llama/Llama-3-8B"])
        #expect(endpoint.hosts == ["chat.example.org"])
    }

    @Test(arguments: [
        ("name: chat\ntrafic: {}", "f.yaml:2: trafic: unknown key; did you mean traffic?"),
        (
            "name: chat\ngatehouse: {model_name: [a]}",
            "f.yaml:2: gatehouse.model_name: unknown key; did you mean model_names?"
        ),
        ("description: none", "f.yaml:1: name: is required"),
        (
            "name: 1chat",
            "f.yaml:1: name: \"1chat\" is not a valid name; 3 to 32 letters, digits and -, beginning with a letter, not ending in -"
        ),
        (
            "name: chat\nauth_mode: kee",
            "f.yaml:2: auth_mode: kee is not one of key, aad_token, aml_token, none; did you mean key?"
        ),
        (
            "name: chat\npublic_network_access: off",
            "f.yaml:2: public_network_access: off is a boolean in YAML; put it in quotes"
        ),
        (
            "name: chat\nidentity: {type: user_assigned}",
            "f.yaml:2: identity.type: user_assigned is not built yet; use system_assigned or none"
        ),
        (
            "name: chat\ntraffic: {blue: 100}\nmirror_traffic: {blue: 10}",
            "f.yaml:3: mirror_traffic: blue has traffic too; a deployment is live or a mirror; take one of the two away"
        ),
        (
            "name: chat\nmirror_traffic: {blue: 101}",
            "f.yaml:2: mirror_traffic.blue: must be a whole number from 0 to 100"
        ),
        ("name: chat\ngatehouse: {quotas: [1]}", "f.yaml:2: gatehouse.quotas must be a mapping of keys to values"),
        (
            "name: chat\ngatehouse: {fallback: {statuses: [503]}}",
            "f.yaml:2: gatehouse.fallback.to: is required; write to: [green, local]"
        ),
        (
            "name: chat\ngatehouse: {fallback: {to: [a], statuses: [200]}}",
            "f.yaml:2: gatehouse.fallback.statuses: 200 is not a status from 400 to 599"
        ),
        (
            "name: chat\ntraffic: {blue: 90, green: 20}",
            "f.yaml:2: traffic: the weights sum to 110; they must sum to 100, or all be 0 for no traffic"
        ),
        ("name: chat\ntraffic:\n  blue: ninety", "f.yaml:3: traffic.blue: must be a whole number from 0 to 100"),
        ("name: chat\ntraffic: [blue]", "f.yaml:2: traffic: must be a mapping of names to values"),
        (
            "name: chat\ngatehouse: {tenant: V1}",
            "f.yaml:2: gatehouse.tenant: \"V1\" is not a valid tenant; 3 to 32 lower-case letters, digits and -, beginning with a letter, and not a reserved word"
        ),
        (
            "name: chat\ngatehouse: {hosts: ['https://a.b']}",
            "f.yaml:2: gatehouse.hosts: \"https://a.b\" is not a host name; write it without scheme and port"
        ),
        ("name: chat\ngatehouse: [tenant]", "f.yaml:2: gatehouse must be a mapping of keys to values"),
        ("- name: chat", "f.yaml:1: a document must be a mapping of keys to values"),
        ("name: chat\nname: talk", "f.yaml:1: name is given twice in one mapping; keep one"),
    ])
    func `what is wrong is told with its line and a hint`(text: String, problem: String) {
        #expect(problems(in: text) == [problem])
    }

    @Test func `a file that is not YAML names the line`() {
        #expect(problems(in: "name: chat\ntags: {a: b").first?.hasPrefix("f.yaml:") == true)
    }

    @Test func `all problems are told at once`() {
        #expect(problems(in: "name: x\nauth_mode: nope\nfoo: 1").count == 3)
    }
}

func documents(_ text: String, tenant: String? = nil) throws(DocumentProblems) -> DocumentSet {
    let file: YAMLFile
    do throws(DocumentProblem) {
        file = try YAMLFile(name: "f.yaml", text: text)
    } catch {
        throw DocumentProblems(problems: [error])
    }
    return try DocumentSet.read([file], tenant: tenant)
}

func problems(in text: String, tenant: String? = "demo") -> [String] {
    do throws(DocumentProblems) {
        _ = try documents(text, tenant: tenant)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}
