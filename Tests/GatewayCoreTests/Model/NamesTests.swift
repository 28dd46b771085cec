import GatewayCore
import Testing

@Suite struct NamesTests {
    @Test(arguments: ["demo", "abc", "a-b", "a12", "team-blue-", String(repeating: "a", count: 32)])
    func `a tenant's name is 3 to 32 lower-case letters, digits and hyphens`(name: String) {
        #expect(Names.isTenant(name))
    }

    @Test(arguments: ["", "ab", "Demo", "1abc", "-abc", "a_b", "a.b", "dém", "a b", String(repeating: "a", count: 33)])
    func `other tenant names are refused`(name: String) {
        #expect(!Names.isTenant(name))
    }

    @Test(arguments: [
        "v1", "v2", "openai", "endpoints", "adfs", "api", "metadata", "subscriptions", "store", "healthz", "readyz",
    ])
    func `no tenant may take a first path segment with a fixed meaning`(name: String) {
        #expect(!Names.isTenant(name))
    }

    @Test(arguments: ["chat", "Chat", "c-1", "A23", "abc", String(repeating: "x", count: 32)])
    func `an endpoint's name follows Azure's rule`(name: String) {
        #expect(Names.isEndpoint(name))
        #expect(Names.isDeployment(name))
    }

    @Test(arguments: ["", "ab", "1ab", "-ab", "abc-", "a_b", "a.b", "chät", "a/b", String(repeating: "x", count: 33)])
    func `other endpoint names are refused`(name: String) {
        #expect(!Names.isEndpoint(name))
        #expect(!Names.isDeployment(name))
    }

    @Test(arguments: [
        ("gpt-4.1-mini", true), ("meta-llama/Llama-3-8B", true), ("a", true),
        (String(repeating: "m", count: 256), true),
        ("", false), ("two words", false), ("tab\t", false), ("modèle", false),
        (String(repeating: "m", count: 257), false),
    ])
    func `a model's name is 1 to 256 visible ASCII characters`(name: String, isAllowed: Bool) {
        #expect(Names.isModelName(name) == isAllowed)
    }

    @Test(arguments: [
        ("smollm2", true), ("1", true), ("v1.0_rc-2", true), ("", false), (".hidden", false), ("-x", false),
        ("a/b", false),
        ("a:b", false), (String(repeating: "a", count: 255), true), (String(repeating: "a", count: 256), false),
    ])
    func `an artifact's name is letters, digits, dots, underscores and hyphens`(name: String, isAllowed: Bool) {
        #expect(Names.isArtifact(name) == isAllowed)
    }

    @Test(arguments: [
        ("chat.example.org", true), ("localhost", true), ("xn--bcher-kva.example", true), ("1.example", true),
        ("", false), ("Chat.example.org", false), ("a..b", false), (".a", false), ("a.", false), ("-a.b", false),
        ("a-.b", false), ("a.b:8443", false), ("a_b.c", false), (String(repeating: "a", count: 64) + ".b", false),
    ])
    func `a host is a lower-case DNS name without a port`(name: String, isAllowed: Bool) {
        #expect(Names.isHost(name) == isAllowed)
    }
}
