internal import TesseraBasics
public import TesseraTokenizers

/// Vectors of some tokens of a vocabulary, made of the vectors of words.
///
/// A token is its bytes. One that is not whole characters of UTF-8, or nothing but white space, is not
/// made of words, and has no vector; it is never taken for another one that looks alike.
public struct TokenVectors: Sendable {
  /// The number of components of a vector.
  public let dimension: Int
  /// The tokens that have a vector, in the order in which they were asked for.
  public private(set) var tokens: [TokenID] = []
  /// The vectors, `[tokens.count, dimension]`; none is zero.
  public private(set) var rows: [Float] = []

  /// Given vectors.
  ///
  /// - Precondition: Each token has a vector.
  public init(tokens: [TokenID], rows: [Float], dimension: Int) {
    precondition(rows.count == tokens.count * dimension, "each token has a vector")
    self.dimension = dimension
    for (i, token) in tokens.enumerated() {
      append(token, Array(rows[i * dimension..<(i + 1) * dimension]))
    }
  }

  /// Vectors by a rule, which is asked on all workers.
  private init(
    _ tokens: [TokenID], dimension: Int, _ vector: @Sendable (TokenID) -> [Float]?
  ) {
    self.dimension = dimension
    let step = 1 << 14
    for start in stride(from: 0, to: tokens.count, by: step) {
      let block = Array(tokens[start..<min(tokens.count, start + step)])
      let found = parallelMap((block.count + 63) / 64) { group in
        (group * 64..<min(block.count, group * 64 + 64)).map { vector(block[$0]) }
      }
      for (token, vector) in zip(block, found.joined()) {
        if let vector { append(token, vector) }
      }
    }
  }

  private mutating func append(_ token: TokenID, _ vector: [Float]) {
    guard vector.contains(where: { $0 != 0 }) else { return }
    tokens.append(token)
    rows.append(contentsOf: vector)
  }

  /// The vector that the text of a token has as a word, white space at its ends left out.
  ///
  /// With vectors that have n-grams nearly every token has one.
  public init(texts tokens: [TokenID], of tokenizer: Tokenizer, in vectors: WordVectors) {
    self.init(tokens, dimension: vectors.dimension) { token in
      tokenizer.bytes(of: token).flatMap { Self.word(of: $0) }.flatMap { vectors.vector(of: $0) }
    }
  }

  /// The vectors of words that are tokens themselves, in the spelling of the vocabulary.
  ///
  /// Tokens that were too seldom in the text to be a word have none, even if n-grams could give one.
  public init(spellings tokens: [TokenID], of tokenizer: Tokenizer, in vectors: WordVectors) {
    self.init(tokens, dimension: vectors.dimension) { token in
      tokenizer.spelling(of: token).flatMap { vectors.index(of: $0) }
        .map { vectors.vector(at: $0) }
    }
  }

  /// How the words that a token stands in are put together.
  public enum WordWeights: String, CaseIterable, Hashable, Sendable {
    /// Each as heavy as it is frequent, as WECHSEL has it; words are taken with and without a space
    /// before them.
    case frequency
    /// All alike, as OFA has it; words are taken also with a capital.
    case uniform
  }

  /// The mean of the vectors of all words whose tokens include the token.
  ///
  ///   u(t) = sum over w of f(w) * m(w, t) * v(w) / sum over w of f(w) * m(w, t)
  ///
  /// m(w, t) is the number of variants of w that have t among their tokens.
  ///
  /// - Parameters:
  ///   - tokens: The tokens.
  ///   - tokenizer: What encodes the words.
  ///   - vectors: The words.
  ///   - weights: Which f, and which variants.
  /// - Throws: `TokenizerError` if words cannot be encoded.
  /// - Complexity: O(words) time to encode, O(occurrences * dimension) to add up, on all workers;
  ///   16 bytes of memory for each token of each variant.
  public init(
    wordsWith tokens: [TokenID], of tokenizer: Tokenizer, in vectors: WordVectors,
    weights: WordWeights
  ) throws(TokenizerError) {
    let occurrences = try WordOccurrences(
      of: tokens, in: vectors, encodedBy: tokenizer, weights: weights)
    self.init(tokens, dimension: vectors.dimension) { token in
      let words = occurrences.words(with: token)
      if words.isEmpty { return nil }
      var sum = [Double](repeating: 0, count: vectors.dimension)
      var total = 0.0
      for index in words {
        let weight = weights == .uniform ? 1 : vectors.frequency(at: index)
        let vector = vectors.vector(at: index)
        for i in sum.indices { sum[i] += weight * Double(vector[i]) }
        total += weight
      }
      return total > 0 ? sum.map { Float($0 / total) } : nil
    }
  }

  /// The word that a token's bytes are without white space at the ends, or nil.
  static func word(of bytes: [UInt8]) -> [UInt8]? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let scalars = text.unicodeScalars
    let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
    let start = scalars.firstIndex { !isSpace($0) }
    guard let start, let end = scalars.lastIndex(where: { !isSpace($0) }) else { return nil }
    return Array(String(scalars[start...end]).utf8)
  }

  /// The same vectors in another space.
  func mapped(by alignment: OrthogonalAlignment) -> TokenVectors {
    let copy = self
    let mapped = parallelMap(tokens.count) { index in
      alignment.map(Array(copy.rows[index * dimension..<(index + 1) * dimension]))
    }
    return TokenVectors(tokens: tokens, rows: mapped.flatMap { $0 }, dimension: dimension)
  }

  /// The same vectors under other IDs, where there are any.
  func renamed(_ ids: [TokenID: TokenID]) -> TokenVectors {
    var result = self
    result.tokens = tokens.map { ids[$0] ?? $0 }
    return result
  }
}
