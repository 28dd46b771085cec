#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Standard output, written without a copy.
enum StandardOutput {
    /// Writes all bytes, waiting where the reader is slow; what a closed pipe does not take is gone.
    static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                    unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress, buffer.count)
                #else
                    unsafe Darwin.write(STDOUT_FILENO, buffer.baseAddress, buffer.count)
                #endif
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
