import CCurl
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

extension ActiveTransfer {
    /// Points libcurl's callbacks at this transfer, which outlives its handle.
    func installCallbacks(on easy: UnsafeMutableRawPointer) {
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_setopt_pointer(easy, CURLOPT_PRIVATE, me)
        unsafe ccurl_setopt_pointer(easy, CURLOPT_HEADERDATA, me)
        unsafe ccurl_setopt_data_callback(easy, CURLOPT_HEADERFUNCTION, onHeader)
        unsafe ccurl_setopt_pointer(easy, CURLOPT_WRITEDATA, me)
        unsafe ccurl_setopt_data_callback(easy, CURLOPT_WRITEFUNCTION, onBody)
        unsafe ccurl_setopt_pointer(easy, CURLOPT_READDATA, me)
        unsafe ccurl_setopt_data_callback(easy, CURLOPT_READFUNCTION, onUpload)
        unsafe ccurl_setopt_pointer(easy, CURLOPT_TRAILERDATA, me)
        unsafe ccurl_setopt_trailers(easy, onTrailers)
        unsafe ccurl_setopt_pointer(easy, CURLOPT_PREREQDATA, me)
        unsafe ccurl_setopt_prerequest(easy, onPrerequest)
        guard link.request.unixSocketPath == nil else { return }
        unsafe ccurl_setopt_pointer(easy, CURLOPT_OPENSOCKETDATA, me)
        unsafe ccurl_setopt_opensocket(easy, onOpenSocket)
    }

    /// The transfer behind the pointer that libcurl hands back.
    static func at(_ pointer: UnsafeMutableRawPointer) -> ActiveTransfer {
        unsafe Unmanaged.fromOpaque(pointer).takeUnretainedValue()
    }
}

private func onHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    guard let me = unsafe me, let bytes = unsafe bytes else { return 0 }
    let line = unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
    return unsafe ActiveTransfer.at(me).headerLine(line) ? size * count : 0
}

private func onBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    guard let me = unsafe me, let bytes = unsafe bytes else { return 0 }
    let taken = unsafe ActiveTransfer.at(me).body(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return taken ? size * count : Int(CURL_WRITEFUNC_PAUSE)
}

private func onUpload(
    _ target: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    guard let me = unsafe me, let target = unsafe target else { return Int(CURL_READFUNC_ABORT) }
    return unsafe ActiveTransfer.at(me).upload(into: UnsafeMutableRawBufferPointer(start: target, count: size * count))
}

/// Called behind the last chunk of an upload; libcurl frees the list.
private func onTrailers(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<curl_slist>?>?,
    _ me: UnsafeMutableRawPointer?
) -> Int32 {
    guard let me = unsafe me, let list = unsafe list else { return CURL_TRAILERFUNC_ABORT }
    for line in unsafe ActiveTransfer.at(me).trailerLines() {
        guard let longer = unsafe curl_slist_append(list.pointee, line) else { return CURL_TRAILERFUNC_ABORT }
        unsafe list.pointee = longer
    }
    return CURL_TRAILERFUNC_OK
}

private func onPrerequest(
    _ me: UnsafeMutableRawPointer?,
    _ remoteAddress: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?,
    _ remotePort: Int32,
    _ localPort: Int32
) -> Int32 {
    guard let me = unsafe me else { return CURL_PREREQFUNC_ABORT }
    let address = unsafe remoteAddress.map { unsafe String(cString: $0) } ?? ""
    return unsafe ActiveTransfer.at(me).willSend(to: address) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Called with the address that is about to be dialled, a proxy's where one is used: the one place where a name can no
/// longer turn into another address (SECURITY S-1).
private func onOpenSocket(
    _ me: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let me = unsafe me, let address = unsafe address else { return CURL_SOCKET_BAD }
    guard let text = unsafe numericAddress(address), unsafe ActiveTransfer.at(me).allows(text) else {
        return CURL_SOCKET_BAD
    }
    // Worker processes are started from here: they must not inherit upstream connections.
    return unsafe socket(
        address.pointee.family,
        address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
        address.pointee.protocol
    )
}

/// The address without port or zone; IPv4 inside IPv6 is written as IPv4, so that one rule covers both.
private func numericAddress(_ address: UnsafeMutablePointer<curl_sockaddr>) -> String? {
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let length = unsafe address.pointee.addrlen
    let result = unsafe withUnsafePointer(to: &address.pointee.addr) { socketAddress in
        unsafe getnameinfo(socketAddress, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
    }
    guard result == 0 else { return nil }
    let bytes = host.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "%")) }.map(UInt8.init(bitPattern:))
    let text = String(decoding: bytes, as: UTF8.self)
    let mapped = "::ffff:"
    return text.hasPrefix(mapped) && text.contains(".") ? String(text.dropFirst(mapped.count)) : text
}
