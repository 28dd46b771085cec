import CCurl

/// One libcurl transfer handle and the header list and error text that have to live as long as it.
///
/// Safe because the handle is made, used and freed on the curl thread by its one owner.
@safe
struct EasyHandle: ~Copyable {
    /// For the multi interface only.
    let pointer: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    init?() {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe headerList = nil
        _ = unsafe ccurl_setopt_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe curl_slist_free_all(headerList)
        unsafe errorText.deallocate()
    }

    func set(_ option: CURLoption, _ value: Int) throws(OptionProblem) {
        try check(unsafe ccurl_setopt_long(pointer, option, value), option)
    }

    func set(_ option: CURLoption, _ value: Bool) throws(OptionProblem) {
        try set(option, value ? 1 : 0)
    }

    func set(_ option: CURLoption, offset value: Int) throws(OptionProblem) {
        try check(unsafe ccurl_setopt_offset(pointer, option, curl_off_t(value)), option)
    }

    func set(_ option: CURLoption, _ value: String?) throws(OptionProblem) {
        try check(unsafe ccurl_setopt_string(pointer, option, value), option)
    }

    func set(_ option: CURLoption, _ value: Duration) throws(OptionProblem) {
        let (seconds, attoseconds) = value.components
        try set(option, max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)))
    }

    func set(_ option: CURLoption, bytes: [UInt8]) throws(OptionProblem) {
        try check(
            unsafe bytes.withUnsafeBytes { unsafe ccurl_setopt_blob(pointer, option, $0.baseAddress, $0.count) },
            option
        )
    }

    mutating func setHeaders(_ lines: [String]) throws(OptionProblem) {
        for line in lines {
            guard let longer = unsafe curl_slist_append(headerList, line) else {
                throw OptionProblem(reason: "out of memory")
            }
            unsafe headerList = longer
        }
        try check(unsafe ccurl_setopt_list(pointer, CURLOPT_HTTPHEADER, headerList), CURLOPT_HTTPHEADER)
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        _ = unsafe ccurl_getinfo_long(pointer, info, &value)
        return value
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        _ = unsafe ccurl_getinfo_offset(pointer, info, &value)
        return Int(value)
    }

    /// What libcurl says about a failed transfer.
    func explain(_ code: CURLcode) -> String {
        let detail = unsafe String(cString: errorText)
        return detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
    }

    /// Both directions at once, as libcurl wants them.
    func pause(receiving: Bool, sending: Bool) {
        _ = unsafe curl_easy_pause(pointer, (receiving ? CURLPAUSE_RECV : 0) | (sending ? CURLPAUSE_SEND : 0))
    }

    private func check(_ code: CURLcode, _ option: CURLoption) throws(OptionProblem) {
        guard code == CURLE_OK else {
            throw OptionProblem(reason: "libcurl refused option \(option.rawValue): \(explain(code))")
        }
    }
}

/// An option that this libcurl does not take.
struct OptionProblem: Error {
    let reason: String
}
