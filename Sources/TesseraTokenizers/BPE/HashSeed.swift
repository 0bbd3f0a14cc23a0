/// Two random words that hashes of bytes begin with.
///
/// The hash tables keep what texts and files hold. Were their hash known, a text could be written
/// whose pre-tokens all have the same one, and a look-up would go through all of them. The seed is
/// another one in each process. Nothing that comes out depends on it: tables are asked for keys,
/// and lists made of them are sorted.
struct HashSeed: Hashable, Sendable {
  let first: UInt64
  let second: UInt64

  /// The seed of this process.
  static let process = {
    var generator = SystemRandomNumberGenerator()
    return HashSeed(first: generator.next(), second: generator.next())
  }()

  /// A hash of two words, good in all bits: their product, folded.
  @inline(__always)
  func hash(_ low: UInt64, _ high: UInt64) -> UInt64 {
    let product = (low ^ first).multipliedFullWidth(by: high ^ second)
    return product.high ^ product.low
  }
}
