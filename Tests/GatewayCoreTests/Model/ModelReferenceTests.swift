import GatewayCore
import Testing

@Suite struct ModelReferenceTests {
    @Test(arguments: [
        ("azureml:smollm2:1", "smollm2", "1"), ("smollm2:1", "smollm2", "1"),
        ("azureml:smollm2@latest", "smollm2", nil),
        ("smollm2@latest", "smollm2", nil), ("azureml:a.b_c-d:2024-01-01", "a.b_c-d", "2024-01-01"),
    ])
    func `a reference names a model and a version or the newest`(text: String, name: String, version: String?) {
        #expect(ModelReference(text) == ModelReference(name: name, version: version))
    }

    @Test(arguments: [
        "", "azureml:", "smollm2", "azureml:smollm2", "azureml::1", "smollm2:", "@latest", "a:b:c",
        "azureml:a:b@latest",
        "azureml://registries/x/models/y/versions/1", "a/b:1",
    ])
    func `what names no version is no reference`(text: String) {
        #expect(ModelReference(text) == nil)
    }

    @Test(arguments: ["azureml:smollm2:1", "azureml:smollm2@latest"])
    func `the full spelling is written back`(text: String) {
        #expect(ModelReference(text)?.text == text)
    }
}
