import ArgumentParser
import Foundation
import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct CommandTests {
    private func parse<Command: ParsableCommand>(_ type: Command.Type, _ line: String) throws -> Command {
        let words = line.split(separator: " ").map(String.init)
        return try #require(try Gatehouse.parseAsRoot(words) as? Command)
    }

    @Test(arguments: [
        "tenants create demo --subscription s --resource-group rg --queue-weight 3", "tenants list",
        "tenants show demo", "tenants update demo --subscription s --queue-weight 100", "tenants suspend demo",
        "tenants resume demo", "tenants delete demo",
        "operators add alice --role deployer --tenant demo --password", "operators list", "operators show alice",
        "operators show", "operators set-role alice --role key-admin", "operators set-password alice",
        "operators disable alice", "operators enable alice", "operators remove alice",
        "operators token alice --expires 90d", "operators revoke-token alice 0a1b2c3d", "login alice",
        "context add lab --server https://a:8444 --ca ca.pem --token t", "context use lab", "context list",
        "context remove lab", "audit list --tenant demo --limit 5", "audit verify",
        "operations list --resource demo/chat/blue", "operations show 0a1b2c3d",
        "operations wait 0a1b2c3d --wait-time 5",
        "endpoints delete demo/chat --no-wait", "endpoints delete demo/chat --wait-time 5",
        "deployments delete demo/chat/blue --no-wait", "deployments delete demo/chat/blue --wait-time 5",
        "endpoints traffic demo/chat blue=100 --no-wait", "deployments set-secret demo/chat/blue backend-key",
        "deployments set-secret demo/chat/blue backend-key --from-file key.txt --output json",
        "deployments list-secrets demo/chat/blue", "deployments remove-secret demo/chat/blue backend-key",
        "apply -f x --wait-time 5", "apply -f x --timeout 5 --no-wait", "roles assign demo/x --role admin --group g",
        "keys list demo/chat", "keys regenerate demo/chat", "keys regenerate demo/chat --key secondary --grace 24h",
        "keys named create demo/app --endpoint chat --endpoint talk --form openai --expires 90d --network 10.0.0.0/8",
        "keys named create demo/app --queue-weight 3", "keys named update demo/app --queue-weight 1",
        "keys named list demo", "keys named show demo/app", "keys named update demo/app --all-endpoints --no-expiry",
        "keys named rotate demo/app --grace PT1H", "keys named disable demo/app", "keys named enable demo/app",
        "keys named revoke demo/app", "principals create demo/robot --expires 2099-01-01", "principals list demo",
        "principals secrets add demo/robot --expires 30d", "principals secrets remove demo/robot s-1",
        "principals disable demo/robot", "principals enable demo/robot", "principals delete demo/robot",
        "issuers add demo/entra --entra 1111 --audience a", "issuers list demo", "issuers remove demo/entra",
        "roles assign demo/callers --role invoke --application a --proof secret --endpoint chat", "roles list demo",
        "roles remove demo/callers", "limits show demo", "limits show demo/chat", "limits clear demo/chat/blue",
        "limits set demo/chat --requests 600/minute --tokens 100000/minute --concurrent 64 --by-address --warn-only",
        "limits set demo --quota tokens=5000000/month --quota cost=12.50/day --time-zone Europe/Berlin",
        "usage show demo --by endpoint,day --since 24h --until 2099-01-01 --csv", "webhooks list demo",
        "webhooks add demo/hook --url https://a --event quota.threshold", "webhooks test demo/hook",
        "webhooks remove demo/hook", "webhooks deliveries demo/hook", "endpoints maintenance off demo/chat",
        "endpoints maintenance on demo/chat --message closed --retry-after 10m --output json",
        "captures list demo --endpoint chat --since 1d --limit 200",
        "captures export demo --format azure --since 24h --until 2099-01-01 --endpoint chat --deployment blue --output x",
        "captures export demo --format jsonl --after 4711",
        "captures replay demo --endpoint chat --to green --since 1d --speed 1x --report r.html --json r.json",
        "captures replay demo --endpoint chat --to green --deployment blue --ignore a --ignore .b --similarity 0.9",
        "captures compare demo --endpoint chat --to green --since 1d --limit 5 --compare usage --output json",
        "captures report demo", "captures report demo 3 --report r.html --output json",
    ])
    func `every command of the manual is read`(line: String) throws {
        _ = try Gatehouse.parseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test(arguments: [
        "deployments set-secret demo/chat/blue backend-key a-value", "deployments set-secret demo/chat/blue a/b",
        "deployments remove-secret demo/chat backend-key", "keys regenerate demo/chat --key third",
        "keys regenerate demo/chat --grace soon", "keys named create demo",
        "keys named create demo/app --queue-weight 0", "keys named update demo/app --queue-weight 101",
        "tenants create demo --queue-weight 101", "tenants update demo --queue-weight 1.5",
        "captures export demo", "captures export demo --format csv", "captures report demo --report r.html",
        "captures report demo --json r.json",
        "keys named create demo/app --form soap", "keys named create demo/app --expires never", "limits set demo/a/b/c",
        "limits set demo --requests 600", "limits set demo --requests 0/minute", "limits set demo --requests 1/day",
        "limits set demo --concurrent 0", "limits set demo --burst 5", "limits set demo --by-address",
        "limits set demo --warn-only", "limits set demo --quota tokens=1/hour", "limits set demo --quota cost=0/day",
        "limits set demo --quota cost=1.0000001/day", "limits set demo --quota planets=1/day",
        "limits set demo --time-zone UTC --requests 1/hour", "roles assign demo/r --role king --subject s",
        "roles assign demo/r --role invoke", "roles assign demo/r --role invoke --subject s --group g",
        "issuers add demo/e --audience a", "issuers add demo/e --iss a --audience a", "usage show demo --since soon",
        "endpoints maintenance on demo/chat", "webhooks add demo/hook", "endpoints delete demo/chat --wait-time 0",
        "deployments delete demo/chat/blue --wait-time 86401",
    ])
    func `a command that cannot be is refused before anything is sent`(line: String) {
        #expect(throws: (any Error).self) {
            try Gatehouse.parseAsRoot(line.split(separator: " ").map(String.init))
        }
    }

    @Test(
        arguments: [
            (["list", "--since", "tomorrow"], "--since <since>': write 2026-12-31, 2026-12-31T18:00:00Z or a span"),
            (["list", "--since", "2026-13-01"], "--since <since>': there is no such day or time; write 2026-12-31"),
            (["export", "--format", "azure", "--until", "99999999d"], "a span is at most 3660d"),
            (["list", "--since", "1d", "--until", "2d"], "--since must be before --until: there is nothing between "),
            (["list", "--since", "2026-11-01", "--until", "2026-11-01"], "--since must be before --until"),
            (["list", "--status", "6xx"], "--status: \"6xx\" is no status; write one from 100 to 599"),
            (["replay", "--status", "9"], "--status: \"9\" is no status"),
            (["replay", "--since", "1d", "--until", "2d"], "--since must be before --until"),
            (["compare", "--similarity", "nan"], "--similarity must be 0.0 to 1.0"),
            (["replay", "--similarity", "1.5"], "--similarity must be 0.0 to 1.0"),
            (["replay", "--tolerance=-1"], "--tolerance must be 0.0 to 1.0"),
            (["compare", "--slower", "inf"], "--slower must be 1.0 to 1000.0"),
            (["replay", "--differing", "2"], "--differing must be 0.0 to 1.0"),
            (["replay", "--limit", "0"], "--limit must be 1 to 10000"),
            (["replay", "--concurrency", "65"], "--concurrency must be 1 to 64"),
            (["replay", "--ignore", ""], "--ignore: \"\" names nothing; write a member's name"),
            (["compare", "--ignore", ".choices[0].text"], "write .choices[].text, where [] is each of a list"),
            (["compare", "--compare", "nosuch"], "--compare: \"nosuch\" changes nothing: left out are id, "),
        ] as [([String], String)]
    )
    func `a command about captures says what is wrong with it before anything is sent`(line: [String], words: String) {
        let needed = line[0] == "replay" || line[0] == "compare" ? ["--endpoint", "chat", "--to", "green"] : []
        do {
            _ = try Gatehouse.parseAsRoot(["captures", line[0], "demo"] + needed + line.dropFirst())
            Issue.record("it is taken")
        } catch {
            let said = Gatehouse.message(for: error)
            #expect(said.contains(words), "\(said)")
        }
    }

    @Test func `limits that count the same thing are replaced, others stay`() throws {
        let command = try parse(
            LimitSet.self,
            "limits set demo --requests 10/s --burst 3 --concurrent 2 --quota tokens=7/day"
        )
        var limits = [
            LimitResource(requests: 1, per: "second"), LimitResource(requests: 1, per: "minute"),
            LimitResource(concurrent: 9),
        ]
        var quotas = [QuotaResource(tokens: 1, per: "day"), QuotaResource(requests: 1, per: "day")]
        command.rules.merge(into: &limits, &quotas)
        var bursting = LimitResource(requests: 10, per: "second")
        bursting.burst = 3
        #expect(limits == [LimitResource(requests: 1, per: "minute"), bursting, LimitResource(concurrent: 2)])
        #expect(quotas == [QuotaResource(requests: 1, per: "day"), QuotaResource(tokens: 7, per: "day")])
    }

    @Test func `a limit by address stands beside the one for all`() throws {
        let command = try parse(LimitSet.self, "limits set demo --requests 10/minute --by-address --warn-only")
        var limits = [LimitResource(requests: 600, per: "minute")]
        var quotas: [QuotaResource] = []
        command.rules.merge(into: &limits, &quotas)
        #expect(limits.map(\.text) == ["600 requests/minute", "10 requests/minute by address, warn only"])
    }

    @Test(arguments: [
        ("a\n", "a"), ("a\r\n", "a"), ("a", "a"), ("a\n\n", "a\n"), (" a \n", " a "), ("\n", ""), ("", ""),
    ])
    func `of a secret that is read only the end of its line is left out`(text: String, value: String) {
        #expect(SecretInput.line(text) == value)
    }

    @Test func `Entra is one word`() throws {
        let issuer = try parse(IssuerAdd.self, "issuers add demo/entra --entra 1111-2222 --audience api://x").resource
        #expect(
            issuer.issuers == [
                "https://sts.windows.net/1111-2222/", "https://login.microsoftonline.com/1111-2222/v2.0",
            ]
        )
        #expect(issuer.directoryId == "1111-2222")
        #expect(
            issuer.discoveryUrl
                == "https://login.microsoftonline.com/1111-2222/v2.0/.well-known/openid-configuration"
        )
        let own = try parse(IssuerAdd.self, "issuers add demo/own --iss https://i --audience a --keys-url https://k")
        #expect(own.resource.discoveryUrl == nil && own.resource.keysUrl == "https://k")
    }

    @Test func `a report is asked for with what was given`() throws {
        let command = try parse(
            UsageShow.self,
            "usage show demo --by endpoint --by day --since 2026-11-01 --key demo#app"
        )
        #expect(
            command.url
                == "/api/v1/tenants/demo/usage?by=endpoint%2Cday&since=2026%2D11%2D01T00%3A00%3A00Z&key=demo%23app"
        )
        #expect(try parse(UsageShow.self, "usage show demo").url == "/api/v1/tenants/demo/usage")
    }

    @Test func `a webhook's headers are written like headers`() throws {
        var command = try parse(WebhookAdd.self, "webhooks add demo/hook --url https://a --header x-a:1")
        #expect(try command.resource().headers == ["x-a": "1"])
        command.headers = ["Authorization: Bearer ${env:A}:b"]
        #expect(try command.resource().headers == ["Authorization": "Bearer ${env:A}:b"])
        command.headers = ["nothing"]
        #expect(throws: ValidationError.self) { try command.resource() }
    }

    @Test func `what is given to a key replaces only what it names`() throws {
        let command = try parse(NamedKeyUpdate.self, "keys named update demo/app --form path --clear-limits")
        var key = NamedKeyResource(tenant: "demo", name: "app")
        key.endpoints = ["chat"]
        key.forms = ["openai"]
        command.terms.change(&key)
        #expect(key.endpoints == ["chat"] && key.forms == ["path"] && key.expiresAt == nil && key.queueWeight == 1)
        try parse(NamedKeyUpdate.self, "keys named update demo/app --queue-weight 3").terms.change(&key)
        #expect(key.forms == ["path"] && key.queueWeight == 3)
        try parse(NamedKeyUpdate.self, "keys named update demo/app --form host").terms.change(&key)
        #expect(key.queueWeight == 3 && key.cells.contains("3"))
    }

    @Test func `every command says what it does`() {
        func check(_ type: any ParsableCommand.Type, _ name: String) {
            #expect(!type.configuration.abstract.isEmpty, "\(name)")
            #expect(!type.helpMessage(columns: 100).isEmpty)
            for child in type.configuration.subcommands { check(child, "\(name) \(child)") }
        }
        check(Gatehouse.self, "gatehouse")
    }
}
