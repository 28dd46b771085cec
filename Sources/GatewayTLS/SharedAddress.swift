/// The address of an OpenSSL object that any thread may use: contexts, certificates, keys, sessions.
///
/// OpenSSL counts their references atomically, and we do not change them after they were set up.
///
/// Swift makes every pointer non-Sendable; a number says what OpenSSL's documentation says. Whoever holds one frees it.
@safe
struct SharedAddress: Sendable {
    private let bits: UInt

    init(_ pointer: OpaquePointer) { bits = UInt(bitPattern: pointer) }

    var pointer: OpaquePointer? { unsafe OpaquePointer(bitPattern: bits) }
}
