internal import CCrypto

/// The SHA-256 hash of bytes that come in any number of pieces; OpenSSL computes it.
///
///     SHA256.hexDigest(of: Array("abc".utf8))   // "ba7816bf…15ad"
@safe public struct SHA256: ~Copyable {
  // SAFETY: the context is this value's own: made in `init`, freed in `deinit`.
  private let context: OpaquePointer

  /// The hash of nothing so far.
  public init() {
    // A small block of memory, whatever the data: without it nothing can go on, as in Swift itself.
    guard let context = unsafe EVP_MD_CTX_new() else { fatalError("out of memory") }
    unsafe self.context = context
    let status = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
    precondition(status == 1, "libcrypto has no SHA-256")
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Appends bytes.
  public mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

  /// Appends bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    // SAFETY: the buffer is the span's memory, used inside the closure alone.
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// Appends bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // SAFETY: address and size are those of one buffer, which the caller keeps alive.
    let status = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    precondition(status == 1, "libcrypto failed to hash")
  }

  /// The hash of the bytes so far, to which more may be appended afterwards.
  public borrowing func digestSoFar() -> [UInt8] {
    let copy = SHA256()
    // SAFETY: both contexts were made by `init` and are alive.
    let status = unsafe EVP_MD_CTX_copy_ex(copy.context, context)
    precondition(status == 1, "libcrypto failed to copy a hash")
    return copy.finalize()
  }

  /// The 32 bytes of the hash.
  public consuming func finalize() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    // SAFETY: SHA-256 writes 32 bytes, and the array has as many.
    let status = unsafe EVP_DigestFinal_ex(context, &digest, nil)
    precondition(status == 1, "libcrypto failed to hash")
    return digest
  }

  /// The hash of some bytes as 64 lowercase hexadecimal digits.
  public static func hexDigest(of bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hexadecimal(hash.finalize())
  }

  /// The hash of a regular file's content as 64 lowercase hexadecimal digits.
  public static func hexDigest(ofFile path: String) throws(FileError) -> String {
    let file = try InputFile(path: path)
    var hash = SHA256()
    var offset = 0
    while offset < file.size {
      let piece = try file.read(at: offset, count: min(1 << 20, file.size - offset))
      hash.update(piece)
      offset += piece.count
    }
    return hexadecimal(hash.finalize())
  }

  /// Two lowercase digits for each byte.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
