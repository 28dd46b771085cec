import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct AddressRuleTests {
    private let open = AddressRule(allowed: .defaultAllowed)
    private let closed = AddressRule(allowed: NetworkList(known: []))

    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1",
        "ff02::1",
        "255.255.255.255", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "::169.254.169.254",
        "0:0:0:0:0:ffff:a9fe:a9fe", "2002:a9fe:a9fe::1", "100.100.100.200", "168.63.129.16", "metadata.google.internal",
        "metadata.google.internal.",
    ])
    func `link-local, metadata and special addresses are never used`(host: String) {
        #expect(open.refusal(ofHost: host) != nil)
    }

    @Test(arguments: [
        "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "0x7f.0.0.1", "1", "0",
        "017700000001",
        "127.0.0.0x1", "256.1.1.1", "1.2.3.4.5", "1.2.3.04", "[::1]", "::1::", "12345::", "1:2:3:4:5:6:7:8:9", "::g",
        "%31", "a%2eb",
        "", ".", "a..b", "１２７.0.0.1",
    ])
    func `odd spellings are refused whatever they mean`(host: String) {
        #expect(open.refusal(ofHost: host) != nil)
    }

    @Test(arguments: [
        "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fc00::1",
        "fd12::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "localhost", "api.localhost", "localhost.",
    ])
    func `private addresses are used as far as the setting lists them`(host: String) throws {
        #expect(open.refusal(ofHost: host) == nil)
        let refusal = try #require(closed.refusal(ofHost: host))
        #expect(refusal.contains("upstreams.allow"))
        #expect(host == "localhost." || refusal.contains(host))
    }

    @Test(arguments: [
        "1.1.1.1", "172.32.0.1", "2606:4700::1111", "example.com", "my_service", "a.b.example.com.", "9.example",
        "0xyz",
    ])
    func `public hosts are used`(host: String) {
        #expect(closed.refusal(ofHost: host) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "8.8.8.8", true),
        ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "8.8.8.8", true), ("192.168.1.128/25", "192.168.1.127", false),
        ("192.168.1.128/25", "192.168.1.129", true), ("fc00::/7", "fdff::1", true), ("fc00::/7", "fe00::1", false),
        ("2001:db8::/65", "2001:db8::8000:0:0:1", false), ("2001:db8::/65", "2001:db8::7fff:0:0:1", true),
        ("::1", "::1", true),
        ("::1", "::2", false), ("10.0.0.1", "10.0.0.1", true), ("::ffff:10.0.0.0/104", "10.9.9.9", true),
    ])
    func `a network holds the addresses that share its prefix`(network: String, address: String, isInside: Bool) throws
    {
        let list = try NetworkList([network])
        #expect(list.contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(arguments: ["10.0.0.0/33", "10/8", "::/129", "x", "10.0.0.0/", "10.0.0.0/-1", "", "10.0.0.0/8/8"])
    func `what is not a network is refused by name`(entry: String) {
        let error = #expect(throws: NetworkList.Unreadable.self) { try NetworkList(["10.0.0.0/8", entry]) }
        #expect(error?.entry == entry)
    }
}
