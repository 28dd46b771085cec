import GatewayCore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// SECURITY S-1 and S-2 through the admin API: 0 of these are stored, whatever they are stored for.
@Suite struct AddressSpellingTests {
    private static let hosts = [
        "127.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "127.000.000.001", "0177.0.0.1", "0x7f.0.0.1", "0x7f.1",
        "0x7f000001", "2130706433", "017700000001", "127.0.0.0x1", "localhost", "LOCALHOST", "localhost.",
        "api.localhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "[fd00::1]", "[fc00::1]",
        "169.254.169.254", "169.254.1.1", "[fe80::1]", "[fe80::1%25eth0]", "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "metadata.google.internal", "metadata.google.internal.",
        "instance-data",
        "100.100.100.200", "168.63.129.16", "0.0.0.0", "0", "[::]", "224.0.0.1", "255.255.255.255", "2852039166",
        "127.0.0.1%00.example.org", "user@127.0.0.1", "1.1.1.1@127.0.0.1", "１２７.0.0.1",
    ]

    @Test func `no spelling of an address that is not allowed is stored`() async throws {
        #expect(Self.hosts.count >= 40)
        try await AdminFixture(allowed: NetworkList(known: [])).withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            _ = try await client.send(.put, "/api/v1/tenants/demo/endpoints/chat", "{}")
            for host in Self.hosts {
                let bodies = [
                    ("endpoints/chat/deployments/blue", #"{"upstream":{"urls":["http://\#(host):9000/v1"]}}"#),
                    ("webhooks/hook", #"{"url":"https://\#(host)/in"}"#),
                    ("issuers/iss", #"{"issuers":["i"],"audiences":["a"],"keysUrl":"https://\#(host)/keys"}"#),
                    ("issuers/iss", #"{"issuers":["i"],"audiences":["a"],"discoveryUrl":"https://\#(host)/d"}"#),
                ]
                for (path, body) in bodies {
                    let answer = try await client.send(.put, "/api/v1/tenants/demo/\(path)", body)
                    #expect(answer.status == 400, "\(path): \(host)")
                }
            }
            let controls = #"{"upstream":{"urls":["http://example.org:9000/v1","https://1.1.1.1"]}}"#
            let made = try await client.send(.put, "/api/v1/tenants/demo/endpoints/chat/deployments/blue", controls)
            #expect(made.status == 201)
        }
    }

    @Test func `a private address is refused by its name and that of the setting`() async throws {
        try await AdminFixture(allowed: NetworkList(known: ["10.0.0.0/8"])).withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            _ = try await client.send(.put, "/api/v1/tenants/demo/endpoints/chat", "{}")
            let path = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"
            let refused = try await client.send(.put, path, #"{"upstream":{"urls":["http://192.168.0.9:1"]}}"#)
            #expect(refused.text.contains("192.168.0.9") && refused.text.contains("upstreams.allow"))
            #expect(try await client.send(.put, path, #"{"upstream":{"urls":["http://10.0.0.9:1"]}}"#).status == 201)
        }
    }
}
