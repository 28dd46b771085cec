import Foundation
import GatewayAPI
import Testing

@Suite struct ARMTemplateTests {
    private let template = ARMTemplate("/subscriptions/{subscription}/workspaces/{workspace}/models/{name}")

    @Test func `words have no letter case, and names keep theirs`() {
        let names = template.match("/SUBSCRIPTIONS/S1/Workspaces/Demo/MODELS/m-1.0")
        #expect(names == ["subscription": "S1", "workspace": "Demo", "name": "m-1.0"])
    }

    @Test func `names are decoded once`() {
        #expect(template.match("/subscriptions/s/workspaces/w/models/a%20b")?["name"] == "a b")
        #expect(template.match("/subscriptions/s/workspaces/w/models/a%2520b")?["name"] == "a%20b")
    }

    @Test(
        arguments: [
            "/subscriptions/s/workspaces/w/models", "/subscriptions/s/workspaces/w/models/",
            "/subscriptions//workspaces/w/models/m",
            "/subscriptions/s/workspaces/w/models/m/", "/subscriptions/s/workspaces/w/models/m/versions", "/",
            "/subscriptions/s/workspaces/w/models/%", "/subscriptions/s/workspaces/w/models/%zz",
            "/subscriptions/s/workspaces/w/models/%ff", "//subscriptions/s/workspaces/w/models/m",
        ]
    )
    func `every other path is another one`(path: String) {
        #expect(template.match(path) == nil)
    }

    @Test func `a name is escaped so that it is one segment again`() {
        #expect(PercentEncoding.encode("a b/ä-._~9") == "a%20b%2F%C3%A4-._~9")
        #expect(PercentEncoding.decode(PercentEncoding.encode("a b/ä?#%")[...]) == "a b/ä?#%")
    }

    @Test func `assets are named by identifiers and in short`() {
        let scope = ARMScope(subscription: "s", resourceGroup: "g", workspace: "w")
        let model = AssetReference(kind: "models", name: "m", version: "1")
        #expect(AssetReference(model.id(in: scope), kind: "models") == model)
        #expect(AssetReference("azureml:m:1", kind: "models") == model)
        #expect(AssetReference("m:1", kind: "models") == model)
        #expect(AssetReference("azureml://registries/azureml/models/m/versions/1", kind: "models") == model)
        #expect(AssetReference.isForeign("azureml://registries/azureml/models/m/versions/1"))
        for text in ["", "m", "m:", ":1", "m:1:2", model.id(in: scope) + "/", "/models/m/versions/1/x", "m/x:1"] {
            #expect(AssetReference(text, kind: "models") == nil, "\(text)")
        }
        #expect(AssetReference(model.id(in: scope), kind: "environments") == nil)
    }

    @Test func `any JSON value survives, and numbers and words can be read as text`() throws {
        let text = #"{"a":[1,2.5,true,null,"x"],"b":{}}"#
        let value = try JSONDecoder().decode(ARMValue.self, from: Data(text.utf8))
        #expect(value == ["a": [1, .number(2.5), true, .null, "x"], "b": [:]])
        #expect(try JSONDecoder().decode(ARMValue.self, from: JSONEncoder().encode(value)) == value)
        #expect(value["a"]?.list?.map(\.scalarText) == ["1", "2.5", "true", nil, "x"])
        #expect(value["c"] == nil && value["b"]?.members?.isEmpty == true)
        #expect([ARMValue.integer(90), .number(90), .string("90")].map(\.whole) == [90, 90, 90])
        #expect([ARMValue.number(1e300), .number(0.5), .string("x"), true].map(\.whole) == [nil, nil, nil, nil])
    }
}
