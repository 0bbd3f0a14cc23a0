internal import TesseraTokenizers

/// Words, each with a vector, as fastText, word2vec and GloVe make them.
///
/// Words are bytes: two words are the same if their bytes are. Vectors that came with n-grams
/// (``subwords``) give one for words that are not there as well.
///
/// Memory is 4 bytes for each component, of words and of n-gram buckets: 2.4 GB for 2 million words with
/// 300 components, and as much again for fastText's 2 million buckets.
public struct WordVectors: Sendable {
  /// The most components that a vector may have.
  public static let dimensionLimit = 65_536
  /// The most words.
  public static let wordLimit = Int(TokenTable.maximumID)

  /// The number of components of a vector.
  public let dimension: Int
  /// The words; their IDs are indices.
  var table = TokenTable()
  /// How often each word stood in the text that the vectors were learned from; empty if not known.
  public internal(set) var counts: [UInt64] = []
  /// The rows of the words, `[count, dimension]`. With n-grams a row is one part of a vector.
  var rows: [Float] = []
  /// The vectors of n-grams, if there are any.
  public internal(set) var subwords: SubwordVectors?
  /// The rows that predict words, `[count, dimension]`, for files that hold them; often empty.
  var outputRows: [Float] = []

  /// No words yet.
  init(dimension: Int) {
    precondition((1...Self.dimensionLimit).contains(dimension), "a vector has components")
    self.dimension = dimension
  }

  /// Given words with their vectors.
  ///
  /// - Parameters:
  ///   - words: The words. Of words that are given several times the first one counts.
  ///   - rows: Their vectors, `[words.count, dimension]`.
  ///   - dimension: The length of a vector, above 0.
  ///   - counts: How often each stood in a text, or nothing.
  /// - Throws: ``WordVectorError/tooManyWords(limit:)``.
  /// - Precondition: The numbers fit together, and no word is empty.
  public init(
    words: [[UInt8]], rows: consuming [Float], dimension: Int, counts: [UInt64] = []
  ) throws(WordVectorError) {
    self.init(dimension: dimension)
    precondition(rows.count == words.count * dimension, "each word has a vector")
    precondition(counts.isEmpty || counts.count == words.count, "each word has a count")
    // In place: rows that nobody else holds are not copied.
    self.rows = consume rows
    table.reserveCapacity(words.count)
    for (i, word) in words.enumerated() {
      let place = count
      guard try append(word.span, count: counts.isEmpty ? nil : counts[i]) else { continue }
      if place == i { continue }
      for k in 0..<dimension {
        self.rows[place * dimension + k] = self.rows[i * dimension + k]
      }
    }
    if count < words.count { self.rows = Array(self.rows.prefix(count * dimension)) }
  }

  /// The number of words.
  public var count: Int { table.count }

  /// The bytes of word `index`.
  public func word(at index: Int) -> [UInt8] { Array(table.bytes(of: TokenID(index)) ?? []) }

  /// The index of a word, or nil if it is not there.
  public func index(of word: [UInt8]) -> Int? { table.id(of: word).map { Int($0) } }

  /// How much word `index` counts where words are weighed by frequency.
  ///
  /// Where counts are not known, words stand in the order of their frequency, and the first of n counts
  /// n, the last 1, as gensim has it.
  public func frequency(at index: Int) -> Double {
    counts.isEmpty ? Double(count - index) : Double(counts[index])
  }

  /// The vector of word `index`.
  public func vector(at index: Int) -> [Float] {
    let row = rows[index * dimension..<(index + 1) * dimension]
    guard let subwords, let word = table.bytes(of: TokenID(index)), !Self.isLineEnd(word) else {
      return Array(row)
    }
    return subwords.mean(of: Array(word), with: row, dimension: dimension) ?? Array(row)
  }

  /// The vector of a word: its own, or that of its n-grams; nil if it has neither.
  ///
  ///   vector(w) = mean of the rows of w, if w is there, and of the n-grams of "<w>"
  ///
  /// Bojanowski, Grave, Joulin and Mikolov, "Enriching Word Vectors with Subword Information", 2017,
  /// arXiv:1607.04606, with the mean of fastText's code in place of the sum.
  public func vector(of word: [UInt8]) -> [Float]? {
    if word.isEmpty { return nil }
    if let index = index(of: word) { return vector(at: index) }
    return subwords?.mean(of: word, with: nil, dimension: dimension)
  }

  /// The word that stands for the end of a line in fastText, which has no n-grams.
  static let lineEnd = Array("</s>".utf8)

  static func isLineEnd(_ word: ArraySlice<UInt8>) -> Bool { word.elementsEqual(lineEnd) }

  /// Adds a word whose row the caller appends; false if the word is there already.
  mutating func append(
    _ word: Span<UInt8>, count: UInt64?
  ) throws(WordVectorError) -> Bool {
    if table.id(of: word) != nil { return false }
    do {
      try table.insert(word, id: TokenID(table.count))
    } catch {
      throw .tooManyWords(limit: Self.wordLimit)
    }
    if let count { counts.append(count) }
    return true
  }
}
