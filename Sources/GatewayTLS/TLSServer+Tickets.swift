import COpenSSL

/// OpenSSL asks for the key of a ticket that it makes (`sealing` is 1) or opens (0).
///
/// Returns 1 for "use it", 2 for "use it and give the client a new ticket", 0 for "unknown ticket", -1 for failure.
func chooseTicketKey(
    _ connection: OpaquePointer?,
    _ name: UnsafeMutablePointer<UInt8>?,
    _ vector: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?,
    _ authentication: OpaquePointer?,
    _ sealing: Int32
) -> Int32 {
    guard let keys = unsafe TLSServer.owner(of: connection)?.ticketKeys, let name = unsafe name,
        let vector = unsafe vector
    else { return -1 }
    if sealing == 1 {
        let key = keys.sealingKey()
        for index in 0..<TicketKeys.nameLength { unsafe name[index] = key.name[index] }
        guard unsafe RAND_bytes(vector, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1,
            unsafe EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher, vector, nil) == 1
        else { return -1 }
        return unsafe setKey(key, of: authentication) ? 1 : -1
    }
    let wanted = unsafe [UInt8](UnsafeBufferPointer(start: name, count: TicketKeys.nameLength))
    guard let found = keys.openingKey(named: wanted) else { return 0 }
    guard unsafe EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), found.key.cipher, vector, nil) == 1,
        unsafe setKey(found.key, of: authentication)
    else { return -1 }
    // TLS 1.3 clients use a ticket once, so each resumption must bring a new one.
    return unsafe found.isOld || SSL_version(connection) == TLS1_3_VERSION ? 2 : 1
}

private func setKey(_ key: TicketKeys.Key, of authentication: OpaquePointer?) -> Bool {
    unsafe copenssl_mac_set_sha256_key(authentication, key.authentication, key.authentication.count) == 1
}
