import COpenSSL

/// OpenSSL's error queue of the current thread.
enum ErrorQueue {
    static func clear() { ERR_clear_error() }

    /// Takes all errors off the queue and returns the first one's reason, which is the cause of the others.
    static func takeReason() -> String {
        let code = ERR_get_error()
        guard code != 0 else { return "no reason given" }
        ERR_clear_error()
        guard let text = unsafe ERR_reason_error_string(code) else { return "OpenSSL error \(code)" }
        return unsafe String(cString: text)
    }
}
