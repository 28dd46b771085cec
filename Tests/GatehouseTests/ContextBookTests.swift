import ArgumentParser
import Foundation
import Testing

@testable import gatehouse

@Suite struct ContextBookTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("contexts-\(UUID().uuidString)")

    private var path: String { folder.appendingPathComponent("a/contexts.yaml").path }

    @Test func `the first context is in use, and a book is kept where only its owner reads it`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var book = try ContextBook.load(path)
        #expect(book == ContextBook())
        book.put(Context(name: "lab", server: "https://lab:8444", ca: "/ca.pem", token: "t"))
        book.put(Context(name: "home", server: "https://home:8444"))
        #expect(book.used?.name == "lab")
        try book.save(path)
        #expect(try ContextBook.load(path) == book)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: ClientError.self) { try ContextBook.load(path) }
    }

    @Test func `one that is removed is not in use any more`() throws {
        var book = ContextBook()
        book.put(Context(name: "lab", server: "https://lab:8444"))
        try book.remove("lab")
        #expect(book.used == nil && book.contexts.isEmpty)
        #expect(throws: ClientError.self) { try book.remove("lab") }
    }

    @Test func `the file is where the environment says`() {
        #expect(ContextBook.path(["GATEHOUSE_CONTEXTS": "/x", "HOME": "/h"]) == "/x")
        #expect(ContextBook.path(["XDG_CONFIG_HOME": "/c", "HOME": "/h"]) == "/c/gatehouse/contexts.yaml")
        #expect(ContextBook.path(["HOME": "/h"]) == "/h/.config/gatehouse/contexts.yaml")
    }

    @Test func `a configuration or a server that is named is what counts`() throws {
        let named = try #require(try Gatehouse.parseAsRoot(["tenants", "list", "--config", "x.yaml"]) as? TenantList)
        #expect(try named.admin.chosenContext() == nil && named.admin.configuration.config == "x.yaml")
        let remote = try #require(try Gatehouse.parseAsRoot(["tenants", "list", "--server", "a"]) as? TenantList)
        #expect(try remote.admin.chosenContext() == nil)
        #expect(remote.admin.configuration.config == "config/gatehouse.yaml")
    }
}
