import COpenSSL
import NIOCore

/// How OpenSSL reaches an engine's buffers: a BIO that copies straight from and to them.
///
/// OpenSSL's own memory BIO would copy every byte once more in each direction and keep its own growing buffer.
enum TransportMethod {
    /// The BIO's function table, made once for the whole process.
    private static let method: SharedAddress? = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = unsafe BIO_meth_new(type, "gatehouse") else { return nil }
        unsafe BIO_meth_set_read_ex(method, readReceived)
        unsafe BIO_meth_set_write_ex(method, writeProduced)
        unsafe BIO_meth_set_ctrl(method, controlTransport)
        return unsafe SharedAddress(method)
    }()

    static func makeTransport(for engine: TLSEngine) -> OpaquePointer? {
        guard let method, let transport = unsafe BIO_new(method.pointer) else { return nil }
        unsafe BIO_set_data(transport, Unmanaged.passUnretained(engine).toOpaque())
        unsafe BIO_set_init(transport, 1)
        return unsafe transport
    }
}

private func engine(behind transport: OpaquePointer?) -> TLSEngine? {
    guard let pointer = unsafe BIO_get_data(transport) else { return nil }
    return unsafe Unmanaged<TLSEngine>.fromOpaque(pointer).takeUnretainedValue()
}

private func readReceived(
    _ transport: OpaquePointer?,
    _ destination: UnsafeMutablePointer<CChar>?,
    _ capacity: Int,
    _ count: UnsafeMutablePointer<Int>?
) -> Int32 {
    guard let engine = unsafe engine(behind: transport), let destination = unsafe destination else { return 0 }
    unsafe BIO_clear_flags(transport, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
    let copied = unsafe engine.received.readWithUnsafeReadableBytes { source in
        let length = min(capacity, source.count)
        if length > 0, let start = source.baseAddress {
            unsafe UnsafeMutableRawPointer(destination).copyMemory(from: start, byteCount: length)
        }
        return length
    }
    guard copied > 0 else {
        unsafe BIO_set_flags(transport, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        return 0
    }
    unsafe count?.pointee = copied
    return 1
}

private func writeProduced(
    _ transport: OpaquePointer?,
    _ source: UnsafePointer<CChar>?,
    _ length: Int,
    _ count: UnsafeMutablePointer<Int>?
) -> Int32 {
    guard let engine = unsafe engine(behind: transport), let source = unsafe source else { return 0 }
    engine.prepareProduced(for: length)
    unsafe engine.produced.writeBytes(UnsafeRawBufferPointer(start: source, count: length))
    unsafe count?.pointee = length
    return 1
}

private func controlTransport(
    _ transport: OpaquePointer?,
    _ command: Int32,
    _ number: Int,
    _ pointer: UnsafeMutableRawPointer?
) -> Int {
    // Nothing is held back here, so a flush has nothing to do; every other wish (kernel TLS, sizes) is declined.
    command == BIO_CTRL_FLUSH ? 1 : 0
}
