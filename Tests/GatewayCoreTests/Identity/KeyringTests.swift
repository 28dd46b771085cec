import GatewayCore
import Testing

@Suite struct KeyringTests {
    private let key = KeySecret.generate()

    @Test func `a key names its caller`() {
        let keyring = Keyring([key.digest: Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#primary")])
        #expect(keyring.identify(key.text)?.label == "demo/chat#primary")
    }

    @Test func `unknown keys name nobody`() {
        let keyring = Keyring([key.digest: Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#primary")])
        #expect(keyring.identify("") == nil)
        #expect(keyring.identify(KeySecret.generate().text) == nil)
        #expect(keyring.identify(key.text + " ") == nil)
        #expect(keyring.identify(key.text.lowercased()) == nil)
    }

    @Test func `an empty keyring opens nothing`() {
        #expect(Keyring([:]).identify(key.text) == nil)
    }
}
