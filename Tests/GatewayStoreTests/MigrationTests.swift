import Foundation
import GRDB
import Testing

@testable import GatewayStore

@Suite struct MigrationTests {
    private let newer = Migrations(
        steps: Migrations.current.steps + [
            .init(identifier: "99 later", sql: "CREATE TABLE later (id INTEGER PRIMARY KEY)")
        ]
    )

    @Test func `an older schema is copied before it is migrated`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try StoreFile(path: temporary.path, migrations: newer, environment: [:])
        let backup = "\(temporary.path).before-1-configuration"
        let attributes = try FileManager.default.attributesOfItem(atPath: backup)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let copy = try DatabaseQueue(path: backup)
        let counts = try await copy.read { database in
            try ["deployments", "endpoint_keys"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") }
        }
        #expect(counts == [2, 2])
        #expect(try await copy.read { database in try database.tableExists("later") } == false)
    }

    @Test func `a new store needs no backup and neither does one that is up to date`() throws {
        let temporary = try TemporaryStore()
        _ = try temporary.reopened()
        let names = try FileManager.default.contentsOfDirectory(atPath: temporary.folder.path)
        #expect(!names.contains { $0.contains("before") })
    }

    @Test func `an old binary refuses a newer schema`() throws {
        let temporary = try TemporaryStore()
        _ = try StoreFile(path: temporary.path, migrations: newer, environment: [:])
        let error = #expect(throws: StoreError.self) { try temporary.reopened() }
        #expect(error?.description.contains("newer schema") == true)
        #expect(throws: StoreError.self) { try Store.check(path: temporary.path) }
    }

    @Test func `a migration that fails leaves the store as it was`() async throws {
        let temporary = try await TemporaryStore().configured()
        let broken = Migrations(
            steps: Migrations.current.steps + [
                .init(identifier: "98 broken", sql: "CREATE TABLE half (id INTEGER); NOT SQL;")
            ]
        )
        #expect(throws: StoreError.self) { try StoreFile(path: temporary.path, migrations: broken, environment: [:]) }
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
        #expect(try await temporary.store.pool.read { database in try database.tableExists("half") } == false)
    }

    @Test func `another program's database is refused`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("other-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("other.db").path
        let other = try DatabaseQueue(path: path)
        try await other.write { database in try database.execute(sql: "CREATE TABLE theirs (id INTEGER)") }
        let error = #expect(throws: StoreError.self) {
            try StoreFile(path: path, migrations: .current, environment: [:])
        }
        #expect(error?.description.contains("not a Gatehouse store") == true)
    }

    @Test func `checking a store that is not there yet makes nothing`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Store.check(path: path)
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
