import Foundation
import Subprocess

/// What of the gateway's environment a worker sees: what finds libraries and devices, and no secret.
enum WorkerEnvironment {
    private static let names: Set<String> = ["PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH"]
    private static let prefixes = ["LC_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "VK_", "GGML_", "LLAMA_", "OMP_"]

    static var ofThisProcess: [Environment.Key: String] {
        let visible = visible(of: ProcessInfo.processInfo.environment)
        return Dictionary(uniqueKeysWithValues: visible.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    }

    static func visible(of environment: [String: String]) -> [String: String] {
        environment.filter { name, _ in names.contains(name) || prefixes.contains(where: name.hasPrefix) }
    }
}
