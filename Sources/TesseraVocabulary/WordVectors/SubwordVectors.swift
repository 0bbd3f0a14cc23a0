// fastText's n-grams of characters.
//
// The n-grams of a word w are those of "<w>", of `minimumLength` to `maximumLength` characters, where a
// character is a byte and the UTF-8 continuation bytes after it. The single characters "<" and ">" are
// none. An n-gram has no row of its own but that of a bucket:
//
//   bucket = FNV-1a(n-gram) mod bucketCount
//
// with one peculiarity, without which no bucket of fastText's files would be the right one: bytes are
// signed when they are widened to 32 bits, so those from 128 on set the upper 24 bits as well.
//
// Fowler, Noll and Vo, RFC 9923; the sign is fastText's `Dictionary::hash`.

/// The vectors of n-grams of characters, in buckets.
public struct SubwordVectors: Sendable {
  /// The fewest characters of an n-gram.
  public let minimumLength: Int
  /// The most characters of an n-gram; 0 for no n-grams.
  public let maximumLength: Int
  /// The number of buckets.
  public let bucketCount: Int
  /// The rows of the buckets, `[bucketCount, dimension]`.
  var rows: [Float]

  /// The buckets of the n-grams of a word, in the order in which the n-grams begin, the short ones first.
  static func buckets(
    of word: [UInt8], lengths: ClosedRange<Int>, bucketCount: Int
  ) -> [Int] {
    let text = [UInt8(ascii: "<")] + word + [UInt8(ascii: ">")]
    var buckets: [Int] = []
    for start in text.indices where text[start] & 0xC0 != 0x80 {
      var hash: UInt32 = 2_166_136_261
      var end = start
      var length = 0
      while end < text.count, length < lengths.upperBound {
        repeat {
          hash ^= UInt32(bitPattern: Int32(Int8(bitPattern: text[end])))
          hash &*= 16_777_619
          end += 1
        } while end < text.count && text[end] & 0xC0 == 0x80
        length += 1
        let isEdge = length == 1 && (start == 0 || end == text.count)
        if length >= lengths.lowerBound, !isEdge { buckets.append(Int(hash) % bucketCount) }
      }
    }
    return buckets
  }

  /// The buckets of the n-grams of a word.
  func buckets(of word: [UInt8]) -> [Int] {
    guard maximumLength > 0, minimumLength <= maximumLength, bucketCount > 0 else { return [] }
    return Self.buckets(
      of: word, lengths: minimumLength...maximumLength, bucketCount: bucketCount)
  }

  /// The mean of a word's own row, if it has one, and of its n-grams'; nil if there is nothing.
  func mean(of word: [UInt8], with own: ArraySlice<Float>?, dimension: Int) -> [Float]? {
    let buckets = buckets(of: word)
    let count = buckets.count + (own == nil ? 0 : 1)
    guard count > 0 else { return nil }
    var sum = own.map { $0.map { Double($0) } } ?? [Double](repeating: 0, count: dimension)
    for bucket in buckets {
      let start = bucket * dimension
      for i in 0..<dimension { sum[i] += Double(rows[start + i]) }
    }
    return sum.map { Float($0 / Double(count)) }
  }
}
