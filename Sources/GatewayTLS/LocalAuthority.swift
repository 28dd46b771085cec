package import Foundation

/// A certificate authority for one machine: makes `ca.pem` and a server certificate that programs trust through it.
package enum LocalAuthority {
    /// What is in the directory now, and which of it is new.
    package struct Made: Sendable, Hashable {
        package let authority: String
        package let certificate: String
        package let key: String
        package let names: [String]
        package let notAfter: Date
        package let isAuthorityNew: Bool
        package let isCertificateNew: Bool
    }

    private static let authorityLifetime: TimeInterval = 10 * 365 * 86_400
    private static let serverLifetime: TimeInterval = 90 * 86_400

    /// Makes what is missing in a directory.
    ///
    /// An existing authority stays; so does a server certificate that it signed, that has these names and 30 days left,
    /// unless `force` asks for a new one.
    package static func make(in directory: String, names: [String], force: Bool = false) throws(TLSError) -> Made {
        let wanted = try names.map { (name) throws(TLSError) in try CertificateName(name) }
        guard !wanted.isEmpty else { throw .invalidHost("a certificate needs at least one name") }
        let files = AuthorityFiles(directory: directory)
        try files.makeDirectory()
        let (authority, isNew) = try authority(files)
        if !force, let kept = try keptCertificate(files, authority, wanted) { return made(files, kept, isNew, false) }
        let key = try PrivateKey.generate()
        let leaf = try Certificate.issue(
            CertificateRequest(
                commonName: wanted[0].text,
                key: key,
                lifetime: serverLifetime,
                extensions: .server(wanted)
            ),
            by: authority
        )
        // The key first: whoever reads between the two sees a mismatch and keeps the old pair.
        try files.write(key.pem, to: files.serverKey, isSecret: true)
        try files.write(leaf.pem, to: files.server, isSecret: false)
        return made(files, leaf, isNew, true)
    }

    private static func authority(_ files: AuthorityFiles) throws(TLSError) -> (Issuer, isNew: Bool) {
        switch (files.exists(files.authority), files.exists(files.authorityKey)) {
        case (true, true):
            do {
                let certificate = try PEM(file: files.authority).certificates()[0]
                return (Issuer(certificate: certificate, key: try PEM(file: files.authorityKey).privateKey()), false)
            } catch {
                throw .authority("\(files.authority) and \(files.authorityKey): \(error.reason)")
            }
        case (false, false):
            let key = try PrivateKey.generate()
            let request = CertificateRequest(
                commonName: "Gatehouse local authority",
                key: key,
                lifetime: authorityLifetime,
                extensions: .authority
            )
            let certificate = try Certificate.issue(request, by: nil)
            try files.write(key.pem, to: files.authorityKey, isSecret: true)
            try files.write(certificate.pem, to: files.authority, isSecret: false)
            return (Issuer(certificate: certificate, key: key), true)
        case (true, false):
            throw .authority("\(files.authorityKey) is missing beside \(files.authority): restore it or remove both")
        case (false, true):
            throw .authority("\(files.authority) is missing beside \(files.authorityKey): restore it or remove both")
        }
    }

    private static func keptCertificate(
        _ files: AuthorityFiles,
        _ authority: Issuer,
        _ wanted: [CertificateName]
    ) throws(TLSError) -> Certificate? {
        let pair = CertificateFiles(certificate: files.server, key: files.serverKey)
        guard let summary = try? CertificateStore.check(pair), !summary.isExpiring(at: Date()),
            let leaf = try? PEM(file: files.server).certificates()[0], leaf.isSigned(by: authority.certificate),
            Set(wanted.map(\.text)).isSubset(of: leaf.names)
        else { return nil }
        return leaf
    }

    private static func made(_ files: AuthorityFiles, _ leaf: Certificate, _ isNew: Bool, _ isLeafNew: Bool) -> Made {
        Made(
            authority: files.authority,
            certificate: files.server,
            key: files.serverKey,
            names: leaf.names,
            notAfter: leaf.notAfter,
            isAuthorityNew: isNew,
            isCertificateNew: isLeafNew
        )
    }
}
