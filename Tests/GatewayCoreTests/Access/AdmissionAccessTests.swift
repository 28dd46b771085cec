import Testing

@testable import GatewayCore

/// Who may call what: modes, tokens, roles, networks, scopes, expiry.
@Suite struct AdmissionAccessTests {
    private let registry = InstanceRegistry()
    private let snapshots = SnapshotBox(.empty)
    private let tokens = TokenCache()

    private var admission: Admission { Admission(snapshots: snapshots, receipts: ReceiptQueue(), tokens: tokens) }

    private func publish(
        _ access: EndpointAccess = EndpointAccess(),
        roles: [RoleAssignment] = [],
        caller: Caller? = nil,
        isSuspended: Bool = false,
        cors: CORSRule? = nil
    ) throws {
        let address = try InstanceAddress.parse("http://blue.test:1").get()
        let endpoints = ["chat", "search"].map { name in
            Endpoint(
                tenant: "demo",
                name: name,
                modelNames: [],
                hosts: [],
                deployments: [
                    Deployment(
                        name: "blue",
                        isNative: false,
                        instances: [registry.instance(at: address, isReady: true)],
                        timeout: .seconds(5)
                    )
                ],
                split: TrafficSplit(weights: [100]),
                access: access,
                cors: cors.map { CORSPolicy($0) }
            )
        }
        let holder = caller ?? Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#primary")
        snapshots.publish(
            Snapshot(
                domain: nil,
                tenants: [
                    Tenant(name: "demo", endpoints: endpoints, isSuspended: isSuspended, roles: roles),
                    Tenant(name: "other", endpoints: []),
                ],
                keyring: Keyring([KeyDigest(of: "key"): holder])
            )
        )
    }

    private func head(
        _ credential: Credential,
        _ path: String = "/demo/chat/score",
        query: String? = nil,
        from address: String = "192.0.2.1"
    ) -> RequestHead {
        RequestHead(method: "POST", path: path, query: query, credential: credential, address: IPAddress(address))
    }

    private func refusal(_ head: RequestHead, token: VerifiedToken? = nil, wall: Int64 = 1000) -> Refusal? {
        do throws(Refusal) {
            _ = try admission.admit(head, token: token, at: Moment(uptime: 0, wall: wall))
            return nil
        } catch {
            return error
        }
    }

    private let text = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"

    private func token(
        _ issuer: VerifiedToken.Issuer = .trusted([.init(tenant: "demo", name: "entra")]),
        proof: RoleAssignment.ClientProof? = .secret
    ) -> VerifiedToken {
        VerifiedToken(
            issuer: issuer,
            subject: "someone",
            application: "app",
            proof: proof,
            groups: ["g"],
            applicationRoles: ["r"],
            scopes: ["s"],
            managedIdentity: "/subscriptions/A",
            expiresAt: 2000
        )
    }

    private func role(
        _ role: Role = .invoke,
        _ subject: RoleAssignment.Subject = .application("app"),
        issuer: String? = nil,
        endpoints: [String]? = nil,
        proofs: Set<RoleAssignment.ClientProof> = []
    ) -> RoleAssignment {
        RoleAssignment(
            tenant: "demo",
            name: "one",
            role: role,
            subject: subject,
            issuer: issuer,
            endpoints: endpoints,
            proofs: proofs
        )
    }

    @Test func `a token that was not seen before is asked for, and then remembered until it expires`() throws {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role()])
        let head = head(.bearer(text))
        guard case .needsToken = try admission.admit(head, at: Moment(uptime: 0, wall: 1000)) else {
            Issue.record("not asked for")
            return
        }
        let start = Moment(uptime: 0, wall: 1000)
        #expect(admission.remember(token(), of: head, generation: admission.tokenGeneration, at: start))
        guard case .plan(let plan) = try admission.admit(head, at: Moment(uptime: 0, wall: 1999)) else {
            Issue.record("not remembered")
            return
        }
        #expect(plan.caller.label == "demo@someone")
        guard case .needsToken = try admission.admit(head, at: Moment(uptime: 0, wall: 2000)) else {
            Issue.record("remembered too long")
            return
        }
    }

    @Test func `a token that was verified before trust changed is not remembered`() throws {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role()])
        let head = head(.bearer(text))
        let now = Moment(uptime: 0, wall: 1000)
        let generation = admission.tokenGeneration
        tokens.removeAll()
        #expect(!admission.remember(token(), of: head, generation: generation, at: now))
        guard case .needsToken = try admission.admit(head, at: now) else {
            Issue.record("remembered")
            return
        }
    }

    @Test func `a token that never ends is looked at again after an hour`() throws {
        let cache = TokenCache()
        var endless = token()
        endless.expiresAt = .max
        #expect(cache.add(endless, for: text, generation: cache.generation, at: 0))
        #expect(cache.find(text, at: 3599) != nil)
        #expect(cache.find(text, at: 3600) == nil)
    }

    @Test func `the list of models keeps to networks and forms`() throws {
        let list = RequestHead(
            method: "GET",
            path: "/v1/models",
            credential: .key("key"),
            address: IPAddress("192.0.2.1")
        )
        let far = NetworkList(known: ["10.0.0.0/8"])
        try publish(caller: Caller(tenant: "demo", label: "demo#a", endpoints: nil, networks: far))
        #expect(refusal(list) == .networkRefused)
        try publish(caller: Caller(tenant: "demo", label: "demo#a", endpoints: nil, forms: [.path]))
        #expect(refusal(list) == .forbidden)
        for access in [EndpointAccess(networks: far), EndpointAccess(isPrivate: true)] {
            try publish(access)
            guard case .answer(.models(let names)) = try admission.admit(list, at: Moment(uptime: 0, wall: 0)) else {
                Issue.record("no list")
                return
            }
            #expect(names.isEmpty)
        }
    }

    @Test func `a token needs a role, and an endpoint that takes tokens`() throws {
        let head = head(.bearer(text))
        try publish(EndpointAccess(modes: [.aadToken]))
        #expect(refusal(head, token: token()) == .forbidden)
        try publish(EndpointAccess(modes: [.key]), roles: [role()])
        #expect(refusal(head, token: token()) == .forbidden)
        try publish(EndpointAccess(modes: [.key, .aadToken]), roles: [role()])
        #expect(refusal(head, token: token()) == nil)
        #expect(refusal(self.head(.bearer("key"))) == nil)
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role()])
        #expect(refusal(self.head(.key("key"))) == .forbidden)
    }

    @Test(arguments: [
        RoleAssignment.Subject.subject("someone"), .application("app"), .group("g"), .applicationRole("r"), .scope("s"),
        .managedIdentity("/SUBSCRIPTIONS/a"),
    ])
    func `a role names its holder by any of the token's claims`(subject: RoleAssignment.Subject) throws {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role(.invoke, subject)])
        #expect(refusal(head(.bearer(text)), token: token()) == nil)
        var other = token()
        other.subject = "x"
        other.application = nil
        other.groups = []
        other.applicationRoles = []
        other.scopes = []
        other.managedIdentity = nil
        #expect(refusal(head(.bearer(text)), token: other) == .forbidden)
    }

    @Test func `a role can be for one endpoint, one issuer and one proof`() throws {
        let modes = EndpointAccess(modes: [.aadToken])
        try publish(modes, roles: [role(endpoints: ["search"])])
        #expect(refusal(head(.bearer(text)), token: token()) == .forbidden)
        #expect(refusal(head(.bearer(text), "/demo/search/score"), token: token()) == nil)
        try publish(modes, roles: [role(issuer: "another")])
        #expect(refusal(head(.bearer(text)), token: token()) == .forbidden)
        try publish(modes, roles: [role(proofs: [.certificate])])
        #expect(refusal(head(.bearer(text)), token: token()) == .forbidden)
        #expect(refusal(head(.bearer(text)), token: token(proof: .certificate)) == nil)
        #expect(refusal(head(.bearer(text)), token: token(proof: nil)) == .forbidden)
    }

    @Test(arguments: [Role.owner, .admin, .token]) func `a greater role may invoke too`(greater: Role) throws {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role(greater)])
        #expect(refusal(head(.bearer(text)), token: token()) == nil)
    }

    @Test(arguments: [Role.deployer, .keyAdmin, .reviewer, .monitor]) func `an operator's role invokes nothing`(
        other: Role
    )
        throws
    {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role(other)])
        #expect(refusal(head(.bearer(text)), token: token()) == .forbidden)
    }

    @Test func `a token that several tenants trust says which it is for`() throws {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role()])
        let both = token(.trusted([.init(tenant: "demo", name: "a"), .init(tenant: "other", name: "b")]))
        #expect(refusal(head(.bearer(text)), token: both) == nil)
        func models(_ tenant: String?) -> RequestHead {
            RequestHead(method: "GET", path: "/v1/models", credential: .bearer(text), tenant: tenant)
        }
        #expect(refusal(models(nil), token: both) == .tenantAmbiguous)
        #expect(refusal(models("demo"), token: both) == nil)
        #expect(refusal(models("third"), token: both) == .unauthenticated(.invalid))
    }

    @Test func `to a token without a role in the tenant every name answers alike`() throws {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role(.invoke, .subject("another"))])
        for path in ["/demo/chat/score", "/demo/chap/score", "/openai/deployments/chat/completions"] {
            #expect(refusal(head(.bearer(text), path), token: token()) == .forbidden)
        }
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role(endpoints: ["search"])])
        #expect(refusal(head(.bearer(text), "/demo/chap/score"), token: token()) == .noSuchEndpoint)
    }

    @Test func `a token of another tenant's issuer is no credential here`() throws {
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role()])
        let foreign = token(.trusted([.init(tenant: "other", name: "entra")]))
        #expect(refusal(head(.bearer(text)), token: foreign) == .unauthenticated(.invalid))
        #expect(refusal(head(.bearer(text)), token: token(.builtIn(tenant: "other"))) == .forbidden)
    }

    @Test func `an endpoint's own token opens it alone`() throws {
        let own = token(.endpoint(tenant: "demo", endpoint: "chat"))
        try publish(EndpointAccess(modes: [.amlToken]))
        #expect(refusal(head(.bearer(text)), token: own) == nil)
        #expect(refusal(head(.bearer(text), "/demo/search/score"), token: own) == .forbidden)
        try publish(EndpointAccess(modes: [.key, .aadToken]))
        #expect(refusal(head(.bearer(text)), token: own) == .forbidden)
    }

    @Test func `an endpoint's token opens nothing that was made after it, and what was made in its second`() throws {
        var own = token(.endpoint(tenant: "demo", endpoint: "chat"))
        own.issuedAt = 900
        for (made, isOpen) in [(0, true), (899, true), (900, true), (901, false)] as [(Int64, Bool)] {
            try publish(EndpointAccess(modes: [.amlToken], createdAt: made))
            #expect(refusal(head(.bearer(text)), token: own) == (isOpen ? nil : .forbidden))
        }
    }

    @Test func `an endpoint's token is issued to holders of the role, and not for showing another one`() throws {
        let path = "/demo/chat/token"
        try publish(EndpointAccess(modes: [.amlToken]), roles: [role(.token)])
        guard
            case .issueToken(let wanted) = try admission.admit(
                head(.bearer(text), path),
                token: token(),
                at: Moment(uptime: 0, wall: 0)
            )
        else {
            Issue.record("not issued")
            return
        }
        #expect(wanted == EndpointTokenRequest(tenant: "demo", endpoint: "chat", subject: "someone"))
        #expect(
            refusal(head(.bearer(text), path), token: token(.endpoint(tenant: "demo", endpoint: "chat"))) == .forbidden
        )
        try publish(EndpointAccess(modes: [.amlToken]), roles: [role(.invoke)])
        #expect(refusal(head(.bearer(text), path), token: token()) == .forbidden)
        try publish(EndpointAccess(modes: [.aadToken]), roles: [role(.token)])
        #expect(refusal(head(.bearer(text), path), token: token()) == .noTokens)
    }

    @Test func `a public endpoint needs no credential where the URL names it`() throws {
        try publish(EndpointAccess(modes: [.none]))
        #expect(refusal(head(.none)) == nil)
        #expect(refusal(head(.key("wrong"))) == .unauthenticated(.invalid))
        #expect(refusal(head(.none, "/v1/chat/completions")) == .unauthenticated(.missing))
        #expect(refusal(head(.none, "/demo/none/score")) == .unauthenticated(.missing))
    }

    @Test func `a suspended tenant's credentials open nothing`() throws {
        try publish(isSuspended: true)
        #expect(refusal(head(.key("key"))) == .suspended)
        #expect(refusal(RequestHead(method: "GET", path: "/v1/models", credential: .key("key"))) == .suspended)
    }

    @Test func `networks of the endpoint and of the key both count`() throws {
        let here = NetworkList(known: ["192.0.2.0/24"])
        try publish(EndpointAccess(networks: here))
        #expect(refusal(head(.key("key"))) == nil)
        #expect(refusal(head(.key("key"), from: "198.51.100.7")) == .networkRefused)
        #expect(refusal(head(.key("key"), from: "unix")) == .networkRefused)
        try publish(caller: Caller(tenant: "demo", label: "demo#a", endpoints: nil, networks: here))
        #expect(refusal(head(.key("key"), from: "198.51.100.7")) == .networkRefused)
        try publish(EndpointAccess(isPrivate: true))
        #expect(refusal(head(.key("key"))) == .networkRefused)
        #expect(refusal(head(.key("key"), from: "10.1.2.3")) == nil)
    }

    @Test func `a named key opens what its scope says, until it expires`() throws {
        let scoped = Caller(
            tenant: "demo",
            label: "demo#app",
            endpoints: ["search"],
            forms: [.openAI],
            expiresAt: 1500
        )
        try publish(caller: scoped)
        #expect(refusal(head(.key("key"))) == .forbidden)
        #expect(refusal(head(.key("key"), "/demo/search/score")) == .forbidden)
        let models = RequestHead(method: "GET", path: "/v1/models", credential: .key("key"))
        guard case .answer(.models(let names)) = try admission.admit(models, at: Moment(uptime: 0, wall: 1499)) else {
            Issue.record("no list")
            return
        }
        #expect(names == ["search"])
        #expect(refusal(models, wall: 1500) == .unauthenticated(.invalid))
    }

    @Test func `maintenance is told to those who may call`() throws {
        let maintenance = Maintenance(message: "back at noon", retryAfter: 60)
        try publish(EndpointAccess(maintenance: maintenance))
        #expect(refusal(head(.key("key"))) == .maintenance(maintenance))
        #expect(refusal(head(.key("wrong"))) == .unauthenticated(.invalid))
    }

    @Test(arguments: [
        "access_token=x", "a=b&api-key=x", "Subscription-Key=x", "any=ghk_x", "API_KEY=x", "api%2Dkey=x",
        "%61ccess_token=x", "any=%67hk_x", "any=eyJhbGciOiJIUzI1NiJ9.e30.x", "any=+x&x-api%2dkey=x",
    ])
    func `a credential in the query is refused`(query: String) throws {
        try publish()
        #expect(refusal(head(.key("key"), query: query)) == .unauthenticated(.inQuery))
    }

    @Test(arguments: [
        "url=https://x/y?a=b", "api-key=", "key=value", "access_token", "", "a=%zz&b=%4", "q=eyJ.x", "q=100%+ghk",
    ])
    func `a query without one passes`(query: String) throws {
        try publish()
        #expect(refusal(head(.key("key"), query: query)) == nil)
    }

    @Test func `errors of model URLs carry the asked endpoint's CORS headers`() throws {
        try publish(EndpointAccess(modes: [.aadToken]), cors: CORSRule(allowedOrigins: ["*"]))
        func origin(_ credential: Credential, _ origin: String?) -> [String] {
            let path = "/openai/deployments/chat/x"
            let head = RequestHead(method: "POST", path: path, credential: credential, origin: origin)
            return admission.corsHeaders(head, endpoint: nil, at: Moment(uptime: 0, wall: 0)).map {
                "\($0.name): \($0.value)"
            }
        }
        #expect(origin(.key("key"), "https://page.com").contains("access-control-allow-origin: *"))
        #expect(origin(.key("wrong"), "https://page.com").contains("access-control-allow-origin: *"))
        #expect(origin(.key("key"), nil) == ["vary: Origin"])
        try publish(cors: CORSRule(allowedOrigins: ["https://good.com"]))
        #expect(origin(.key("key"), "https://page.com") == ["vary: Origin"])
        #expect(origin(.key("key"), "https://good.com").contains("access-control-allow-origin: https://good.com"))
    }

    @Test func `a preflight is answered before anybody asks who sends it`() throws {
        try publish(cors: CORSRule(allowedOrigins: ["https://good.com"]))
        for path in ["/demo/chat/score", "/v1/chat/completions"] {
            let head = RequestHead(
                method: "OPTIONS",
                path: path,
                origin: "https://good.com",
                preflight: CORSPreflight(origin: "https://good.com", method: "POST", headers: [])
            )
            guard case .answer(.preflight(let headers)) = try admission.admit(head, at: Moment(uptime: 0, wall: 0))
            else {
                Issue.record("not answered")
                return
            }
            #expect(headers.contains(CORSHeader(name: "access-control-allow-origin", value: "https://good.com")))
        }
    }
}
