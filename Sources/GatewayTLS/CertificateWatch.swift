import Foundation

/// Notices that files changed, by what `stat` says; works on every file system and through symbolic links.
struct CertificateWatch {
    /// What a file looks like from outside.
    private struct Mark: Equatable {
        let device: UInt
        let inode: UInt
        let size: Int
        let seconds: Int
        let nanoseconds: Int
    }

    private var marks: [String: Mark]

    init(_ files: [CertificateFiles]) { marks = Self.look(at: files) }

    /// Whether any file changed since the last call; one that vanished did not, as there is nothing to read yet.
    mutating func hasChanged(_ files: [CertificateFiles]) -> Bool {
        let seen = Self.look(at: files)
        let isChanged = seen.contains { path, mark in marks[path] != mark }
        marks.merge(seen) { _, new in new }
        return isChanged
    }

    private static func look(at files: [CertificateFiles]) -> [String: Mark] {
        var marks: [String: Mark] = [:]
        for path in files.flatMap({ [$0.certificate, $0.key] }) { marks[path] = mark(of: path) }
        return marks
    }

    private static func mark(of path: String) -> Mark? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        #if canImport(Darwin)
            let changed = status.st_mtimespec
        #else
            let changed = status.st_mtim
        #endif
        return Mark(
            device: UInt(status.st_dev),
            inode: UInt(status.st_ino),
            size: Int(status.st_size),
            seconds: changed.tv_sec,
            nanoseconds: changed.tv_nsec
        )
    }
}

/// Decides which certificates to warn about: those that expire within 30 days, once a day each.
struct ExpiryNotice {
    private static let day: TimeInterval = 86_400
    private var warnedAt: [String: Date] = [:]

    mutating func due(_ certificates: [CertificateSummary], at now: Date) -> [CertificateSummary] {
        let expiring = certificates.filter { $0.isExpiring(at: now) }
        let due = expiring.filter { certificate in
            guard let last = warnedAt[certificate.fingerprint] else { return true }
            return now.timeIntervalSince(last) >= Self.day
        }
        let kept = Set(expiring.map(\.fingerprint))
        warnedAt = warnedAt.filter { kept.contains($0.key) }
        for certificate in due { warnedAt[certificate.fingerprint] = now }
        return due
    }
}
