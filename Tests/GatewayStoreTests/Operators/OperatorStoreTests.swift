import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct OperatorStoreTests {
    @Test func `a password opens a session, and nothing else does`() async throws {
        let temporary = try TemporaryStore()
        let store = temporary.store
        _ = try await store.putOperator(
            "alice@example.org",
            role: .admin,
            tenant: nil,
            password: "correct horse battery"
        )
        let session = try #require(
            try await store.logIn("alice@example.org", password: "correct horse battery", at: 100)
        )
        #expect(session.expiresAt == 100 + Store.sessionLifetime)
        #expect(store.operatorAccount(holding: session.secret, at: 101)?.name == "alice@example.org")
        #expect(store.operatorAccount(holding: session.secret, at: 100 + Store.sessionLifetime) == nil)
        #expect(try await store.logIn("alice@example.org", password: "correct horse battery ") == nil)
        #expect(try await store.logIn("nobody", password: "correct horse battery") == nil)
        #expect(try temporary.reopened().operatorAccount(holding: session.secret, at: 101) != nil)
    }

    @Test func `one without a password cannot log in, and one that is disabled holds nothing`() async throws {
        let store = try TemporaryStore().store
        _ = try await store.putOperator("robot", role: .deployer, tenant: nil, password: nil)
        #expect(try await store.logIn("robot", password: "") == nil)
        let token = try await store.issueOperatorToken("robot", expiresAt: nil)
        #expect(store.operatorAccount(holding: token.secret)?.role == .deployer)
        _ = try await store.putOperator("robot", role: .deployer, tenant: nil, isDisabled: true)
        #expect(store.operatorAccount(holding: token.secret) == nil)
    }

    @Test func `a new password ends the sessions and keeps the tokens`() async throws {
        let store = try TemporaryStore().store
        _ = try await store.putOperator("alice", role: .owner, tenant: nil, password: "the first password")
        let session = try #require(try await store.logIn("alice", password: "the first password"))
        let token = try await store.issueOperatorToken("alice", expiresAt: nil)
        _ = try await store.putOperator("alice", role: .owner, tenant: nil, password: "the second password")
        #expect(store.operatorAccount(holding: session.secret) == nil)
        #expect(store.operatorAccount(holding: token.secret) != nil)
        try await store.revokeOperatorToken("alice", token.id)
        #expect(store.operatorAccount(holding: token.secret) == nil)
    }

    @Test func `tokens have a bound: sessions make room, tokens do not`() async throws {
        let store = try TemporaryStore().store
        _ = try await store.putOperator("alice", role: .owner, tenant: nil, password: nil)
        for _ in 0..<32 { _ = try await store.issueOperatorToken("alice", expiresAt: nil) }
        await #expect(throws: StoreError.self) { try await store.issueOperatorToken("alice", expiresAt: nil) }
    }

    @Test func `a tenant's operators go with it`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        _ = try await store.putOperator("alice", role: .admin, tenant: "demo", password: nil)
        let token = try await store.issueOperatorToken("alice", expiresAt: nil)
        try await store.deleteTenant("demo")
        #expect(store.operatorAccount(holding: token.secret) == nil)
        #expect(try temporary.reopened().operators().isEmpty)
    }

    @Test(arguments: [
        ("al", Role.admin, nil as String?, nil as String?), ("a b c", .admin, nil, nil), ("-abc", .admin, nil, nil),
        ("alice", .invoke, nil, nil), ("alice", .admin, "nobody", nil), ("alice", .admin, nil, "short"),
        ("gatehouse", .admin, nil, nil), ("operator.token", .admin, nil, nil),
    ])
    func `what cannot be an operator is refused`(name: String, role: Role, tenant: String?, password: String?)
        async throws
    {
        let store = try TemporaryStore().store
        await #expect(throws: StoreError.self) {
            try await store.putOperator(name, role: role, tenant: tenant, password: password)
        }
    }

    @Test func `a change of operators touches nothing that is served`() async throws {
        let temporary = try await TemporaryStore().configured()
        let snapshot = temporary.snapshots.current
        _ = try await temporary.store.putOperator("alice", role: .admin, tenant: nil, password: nil)
        #expect(temporary.snapshots.current === snapshot)
    }

    @Test func `every hash has its own salt, and only what was written by us is read`() async throws {
        let first = try await PasswordHash.make("the same password")
        let second = try await PasswordHash.make("the same password")
        #expect(first != second)
        #expect(try await PasswordHash.isRight("the same password", for: PasswordHash(second.text)))
        for text in ["", "scrypt$15$8$1$AAAA", "scrypt$40$8$1$AAAA$AAAA", "md5$1$1$1$AAAA$AAAA"] {
            #expect(PasswordHash(text) == nil)
        }
        #expect(try await !PasswordHash.isRight("", for: nil))
    }
}
