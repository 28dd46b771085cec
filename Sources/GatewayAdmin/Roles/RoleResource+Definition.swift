package import GatewayAPI
package import GatewayCore

extension RoleAssignment {
    /// What a wire resource describes; whether the issuer and the endpoints exist is the store's to judge.
    package init(_ resource: RoleResource) throws(APIError) {
        guard let role = Role(rawValue: resource.role.lowercased()) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalid, "\(resource.role.debugDescription) is not one of \(known)", target: "role")
        }
        guard !role.isOperators || resource.endpoints == nil else {
            let message = "the role \(role.rawValue) is for the whole tenant; leave the endpoints out"
            throw APIError(.invalid, message, target: "endpoints")
        }
        self.init(
            tenant: resource.tenant,
            name: resource.name,
            role: role,
            subject: try Subject(resource),
            issuer: resource.issuer,
            endpoints: resource.endpoints,
            proofs: try Self.proofs(resource.proofs)
        )
    }

    private static func proofs(_ words: [String]) throws(APIError) -> Set<ClientProof> {
        var proofs: Set<ClientProof> = []
        for word in words {
            guard let proof = ClientProof.allCases.first(where: { $0.word == word.lowercased() }) else {
                let known = ClientProof.allCases.map(\.word).joined(separator: ", ")
                throw APIError(.invalid, "\(word.debugDescription) is not one of \(known)", target: "proofs")
            }
            proofs.insert(proof)
        }
        return proofs
    }
}

extension RoleAssignment.ClientProof {
    /// As the wire and files write it; tokens have a digit.
    fileprivate var word: String {
        switch self {
        case .none: "public"
        case .secret: "secret"
        case .certificate: "certificate"
        }
    }
}

extension RoleAssignment.Subject {
    fileprivate init(_ resource: RoleResource) throws(APIError) {
        let given: [RoleAssignment.Subject] = [
            resource.subject.map { .subject($0) }, resource.application.map { .application($0) },
            resource.group.map { .group($0) }, resource.applicationRole.map { .applicationRole($0) },
            resource.scope.map { .scope($0) }, resource.managedIdentity.map { .managedIdentity($0) },
        ].compactMap(\.self)
        guard let only = given.first, given.count == 1 else {
            throw APIError(
                .invalid,
                "exactly one of subject, application, group, applicationRole, scope, managedIdentity is needed",
                target: "subject"
            )
        }
        self = only
    }
}

extension RoleResource {
    init(_ assignment: RoleAssignment) {
        self.init(tenant: assignment.tenant, name: assignment.name, role: assignment.role.rawValue)
        switch assignment.subject {
        case .subject(let text): subject = text
        case .application(let text): application = text
        case .group(let text): group = text
        case .applicationRole(let text): applicationRole = text
        case .scope(let text): scope = text
        case .managedIdentity(let text): managedIdentity = text
        }
        issuer = assignment.issuer
        endpoints = assignment.endpoints
        proofs = RoleAssignment.ClientProof.allCases.filter(assignment.proofs.contains).map(\.word)
    }
}
