internal import TesseraBasics
internal import TesseraTokenizers

/// For each of some tokens, the words among whose tokens it is: once for each variant of the word.
struct WordOccurrences: Sendable {
  /// Which list a token has.
  private var lists: [TokenID: Int] = [:]
  private var starts: [Int]
  private var words: [Int32]

  /// How many words are encoded at a time.
  private static let blockSize = 1 << 15

  /// Encodes all words in their variants.
  ///
  /// - Throws: `TokenizerError` if a word cannot be encoded.
  init(
    of tokens: [TokenID], in vectors: WordVectors, encodedBy tokenizer: Tokenizer,
    weights: TokenVectors.WordWeights
  ) throws(TokenizerError) {
    for token in tokens where lists[token] == nil { lists[token] = lists.count }
    var found: [(list: Int32, word: Int32)] = []
    for start in stride(from: 0, to: vectors.count, by: Self.blockSize) {
      let range = start..<min(vectors.count, start + Self.blockSize)
      var variants: [[UInt8]] = []
      var owners: [Int32] = []
      for index in range {
        for variant in Self.variants(of: vectors.word(at: index), weights) {
          variants.append(variant)
          owners.append(Int32(index))
        }
      }
      let encoded = try tokenizer.encodeDocuments(variants)
      for (owner, ids) in zip(owners, encoded) {
        var seen: [TokenID] = []
        for id in ids where !seen.contains(id) {
          seen.append(id)
          if let list = lists[id] { found.append((Int32(list), owner)) }
        }
      }
    }
    // A counting sort: words stay in their order, so sums have one order.
    starts = [Int](repeating: 0, count: lists.count + 1)
    for entry in found { starts[Int(entry.list) + 1] += 1 }
    for list in 0..<lists.count { starts[list + 1] += starts[list] }
    var next = starts
    words = [Int32](repeating: 0, count: found.count)
    for entry in found {
      words[next[Int(entry.list)]] = entry.word
      next[Int(entry.list)] += 1
    }
  }

  /// The indices of the words with a token.
  func words(with token: TokenID) -> [Int] {
    guard let list = lists[token] else { return [] }
    return words[starts[list]..<starts[list + 1]].map { Int($0) }
  }

  /// A word as it is and after a space; for uniform weights also with its first letter as a capital.
  private static func variants(
    of word: [UInt8], _ weights: TokenVectors.WordWeights
  ) -> [[UInt8]] {
    let space = [UInt8(ascii: " ")]
    let plain = [word, space + word]
    guard weights == .uniform, let text = String(validating: word, as: UTF8.self),
      let first = text.unicodeScalars.first
    else { return plain }
    let rest = String(text.unicodeScalars.dropFirst())
    let capital = Array((first.properties.uppercaseMapping + rest.lowercasedWithFinalSigma()).utf8)
    return plain + [capital, space + capital]
  }
}
