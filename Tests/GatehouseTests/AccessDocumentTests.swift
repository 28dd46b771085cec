import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct AccessDocumentTests {
    private static let all = """
        kind: tenant
        name: demo
        subscription: s-1
        resource_group: rg
        rate_limits: [{concurrent: 9}]
        queue_weight: 3
        ---
        kind: key
        tenant: demo
        name: app
        endpoints: [chat]
        forms: [openai, azure-openai]
        expires_at: 2099-01-01
        allowed_networks: [10.0.0.0/8]
        quotas: [{requests: 5, per: day}]
        disabled: false
        queue_weight: 100
        ---
        kind: principal
        tenant: demo
        name: robot
        client_id: 0F8FAD5B-D9CB-469F-A165-70867728950E
        ---
        kind: issuer
        tenant: demo
        name: entra
        issuers: [https://sts.example.net/t/]
        audiences: [api://gatehouse]
        directory_id: t
        discovery_url: https://login.example.net/t/v2.0/.well-known/openid-configuration
        ---
        kind: role
        tenant: demo
        name: callers
        role: invoke
        application: 0f8fad5b-d9cb-469f-a165-70867728950e
        issuer: entra
        endpoints: [chat]
        proofs: [secret, certificate]
        ---
        kind: webhook
        tenant: demo
        name: hook
        url: https://hooks.example.com/x
        events: [quota.threshold]
        headers: {x-token: "${env:HOOK}"}
        """

    @Test func `one file holds everything that a tenant owns`() throws {
        let set = try documents(Self.all)
        let tenant = try #require(set.tenants.first)
        #expect(tenant.subscription == "s-1" && tenant.resourceGroup == "rg" && tenant.suspended == nil)
        #expect(tenant.limits == [LimitResource(concurrent: 9)] && tenant.queueWeight == 3)
        let key = try #require(set.keys.first)
        #expect(key.endpoints == ["chat"] && key.forms == ["openai", "azure-openai"])
        #expect(key.expiresAt == "2099-01-01T00:00:00Z" && key.disabled == false && key.queueWeight == 100)
        #expect(key.quotas == [QuotaResource(requests: 5, per: "day")])
        #expect(set.principals.first?.clientId == "0f8fad5b-d9cb-469f-a165-70867728950e")
        #expect(set.issuers.first?.audiences == ["api://gatehouse"])
        let role = try #require(set.roles.first)
        #expect(role.application == "0f8fad5b-d9cb-469f-a165-70867728950e" && role.proofs == ["secret", "certificate"])
        #expect(set.webhooks.first?.headers == ["x-token": "${env:HOOK}"])
        #expect(set.places["demo/keys/app"]?.description == "f.yaml:8")
        #expect(set.places["demo/webhooks/hook"]?.description == "f.yaml:41")
        #expect(set.endpoints.isEmpty && set.deployments.isEmpty)
    }

    @Test func `what is read is what the server is asked for`() throws {
        let request = try documents(Self.all).request(prune: true, dryRun: true)
        #expect(request.tenants.count == 1 && request.keys.count == 1 && request.principals.count == 1)
        #expect(request.issuers.count == 1 && request.roles.count == 1 && request.webhooks.count == 1)
        #expect(request.prune && request.dryRun)
    }

    @Test func `a document without a tenant takes the one that is given`() throws {
        let set = try documents("kind: key\nname: app", tenant: "demo")
        #expect(set.keys.map(\.tenant) == ["demo"] && set.keys.map(\.queueWeight) == [1])
        #expect(
            problems(in: "kind: key\nname: app", tenant: nil)
                == ["f.yaml:1: the document names no tenant; add tenant or give --tenant"]
        )
    }

    @Test func `the same resource twice is refused with both places`() {
        #expect(
            problems(in: "kind: key\nname: app\n---\nkind: key\nname: app")
                == ["f.yaml:4: key demo/keys/app is already in f.yaml:1; keep one"]
        )
    }

    @Test func `Azure's own kind is still an endpoint's`() throws {
        #expect(try documents("name: chat\nkind: Managed", tenant: "demo").endpoints.count == 1)
    }

    @Test(arguments: [
        ("kind: tennant\nname: demo", 1, "kind: tennant is not a kind of document; did you mean tenant?"),
        ("kind: tenant\nsuspended: true", 1, "name: is required"),
        ("kind: tenant\nname: demo\nlimits: []", 3, "limits: unknown key; known keys are cors,"),
        ("kind: key\nname: app\nsecret: abc", 3, "secret: unknown key"),
        ("kind: key\nname: app\nqueue_weight: 0", 3, "queue_weight: 0 is out of range; it must be 1 to 100"),
        ("kind: tenant\nname: demo\nqueue_weight: 101", 3, "queue_weight: 101 is out of range; it must be 1 to 100"),
        ("kind: tenant\nname: demo\nqueue_weight: much", 3, "queue_weight: must be a whole number"),
        (
            "kind: key\nname: app\nforms: [soap]", 3,
            "forms: soap is not one of path, host, openai, anthropic, azure-openai"
        ),
        ("kind: key\nname: app\nexpires_at: 30d", 3, "expires_at: 30d is not a time; write 2026-12-31"),
        ("kind: key\nendpoints: chat\nname: app", 2, "endpoints: must be a list; write [a, b]"),
        (
            "kind: principal\nname: robot\nclient_id: me", 3,
            "client_id: me is not a UUID; leave it out to have one chosen"
        ),
        (
            "kind: issuer\nname: e\naudiences: [a]\nkeys_url: https://a", 1,
            "issuers: is required; list the exact values of iss"
        ),
        (
            "kind: issuer\nname: e\nissuers: [a]\naudiences: []\nkeys_url: https://a", 4,
            "audiences: is empty; list the exact values of aud"
        ),
        (
            "kind: issuer\nname: e\nissuers: [a]\naudiences: [a]", 1,
            "discovery_url: nothing says where the issuer's keys are"
        ),
        (
            "kind: issuer\nname: e\nissuers: [a]\naudiences: [a]\nkeys_url: file:/k", 5,
            "keys_url: \"file:/k\" is not a URL"
        ),
        (
            "kind: role\nname: r\nrole: owner\nsubject: s\nendpoints: [a]", 5,
            "endpoints: the role owner is for the whole tenant; leave the endpoints out"
        ),
        ("kind: role\nname: r\nsubject: s", 1, "role: is required; write role: invoke"),
        ("kind: role\nname: r\nrole: invok\nsubject: s", 3, "role: invok is not one of"),
        (
            "kind: role\nname: r\nrole: invoke", 1,
            "subject: nothing says whose role it is; keep exactly one of subject,"
        ),
        (
            "kind: role\nname: r\nrole: invoke\nsubject: s\ngroup: g", 5,
            "group: stands beside subject; keep exactly one"
        ),
        (
            "kind: role\nname: r\nrole: invoke\nsubject: s\nproofs: [vow]", 5,
            "proofs: vow is not one of public, secret, certificate"
        ),
        ("kind: webhook\nname: w\nurl: hooks", 3, "url: \"hooks\" is not a URL; write https://…"),
        (
            "kind: webhook\nname: w\nurl: https://a\nevents: [moon.full]", 4,
            "events: moon.full is not one of quota.threshold,"
        ),
        ("kind: webhook\nname: w\nurl: https://a\nsecret: x", 4, "secret: unknown key"),
    ])
    func `what is wrong is told with its line and a hint`(text: String, line: Int, problem: String) {
        let found = problems(in: text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix("f.yaml:\(line): \(problem)") == true, "\(found)")
    }
}
