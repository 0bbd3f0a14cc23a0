public import TesseraBasics
public import TesseraCorpora
public import TesseraTokenizers

/// A text as numbers of words, for vectors to be learned from.
///
/// Memory is 4 bytes for each word of the text.
public struct TrainingText: Sendable {
  /// Stands between documents.
  static let boundary: Int32 = -1

  /// The words, the most frequent first, of equally frequent ones in the order of their bytes.
  private(set) var words: [[UInt8]] = []
  /// How often each stands in the text.
  private(set) var counts: [UInt64] = []
  /// The text: indices of words, and ``boundary``.
  private(set) var tokens: [Int32] = []

  /// The number of words in the text.
  public var wordCount: Int { counts.reduce(0) { $0 + Int(clamping: $1) } }

  /// Where a text is from.
  public enum Source: Sendable {
    /// Files, one after another.
    case corpora([Corpus])
    /// Documents.
    case documents([[UInt8]])
  }

  /// The words of a text: maximal runs of letters, marks and digits.
  ///
  /// - Parameters:
  ///   - sources: The texts, one after another.
  ///   - minimumCount: Words that stand more seldom are left out of the text.
  ///   - progress: Gets the bytes read.
  /// - Throws: ``WordVectorError/corpus(_:)``, ``WordVectorError/noWords(minimumCount:)``,
  ///   ``WordVectorError/tooManyWords(limit:)``, ``WordVectorError/interrupted``.
  public init(
    wordsOf sources: [Source], minimumCount: Int, progress: ProgressHandler? = nil
  ) throws(WordVectorError) {
    var builder = TextBuilder()
    try Self.forEachBatch(of: sources, progress) { (documents) throws(WordVectorError) in
      for document in documents {
        var failure: WordVectorError?
        forEachWordRun(in: document.span) { range in
          if failure != nil { return }
          do throws(WordVectorError) {
            try builder.append(document.span.extracting(range))
          } catch {
            failure = error
          }
        }
        if let failure { throw failure }
        builder.endDocument()
      }
    }
    try self.init(builder, minimumCount: minimumCount)
  }

  /// The tokens of a text, each spelled as the vocabulary spells it.
  ///
  /// - Throws: As for words, and ``WordVectorError/tokenizer(_:)``.
  public init(
    tokensOf sources: [Source], tokenizer: Tokenizer, minimumCount: Int,
    progress: ProgressHandler? = nil
  ) throws(WordVectorError) {
    var builder = TextBuilder()
    var spellings: [TokenID: Int32] = [:]
    try Self.forEachBatch(of: sources, progress) { (documents) throws(WordVectorError) in
      let encoded: [[TokenID]]
      do throws(TokenizerError) {
        encoded = try tokenizer.encodeDocuments(documents)
      } catch {
        throw .tokenizer(error)
      }
      for ids in encoded {
        for id in ids {
          if let known = spellings[id] {
            builder.append(known)
          } else if let spelling = tokenizer.spelling(of: id) {
            spellings[id] = try builder.append(spelling.span)
          }
        }
        builder.endDocument()
      }
    }
    try self.init(builder, minimumCount: minimumCount)
  }

  /// Hands out documents, some megabytes at a time.
  private static func forEachBatch(
    of sources: [Source], _ progress: ProgressHandler?,
    _ body: ([[UInt8]]) throws(WordVectorError) -> Void
  ) throws(WordVectorError) {
    for source in sources {
      switch source {
      case .documents(let documents):
        let step = 1_024
        for start in stride(from: 0, to: documents.count, by: step) {
          if Interruption.isRequested { throw .interrupted }
          try body(Array(documents[start..<min(documents.count, start + step)]))
        }
      case .corpora(let corpora):
        for corpus in corpora { try forEachBatch(of: corpus, progress, body) }
      }
    }
  }

  private static func forEachBatch(
    of corpus: Corpus, _ progress: ProgressHandler?,
    _ body: ([[UInt8]]) throws(WordVectorError) -> Void
  ) throws(WordVectorError) {
    var reader = corpus.makeReader()
    var documents: [[UInt8]] = []
    var size = 0
    var isAtEnd = false
    while !isAtEnd {
      if Interruption.isRequested { throw .interrupted }
      let document: Document?
      do { document = try reader.next() } catch { throw .corpus(error) }
      if let document {
        documents.append(document.bytes)
        size += document.bytes.count
      }
      isAtEnd = document == nil
      if isAtEnd || size >= 8 << 20 {
        try body(documents)
        (documents, size) = ([], 0)
        progress?(
          ProgressUpdate(
            phase: "reading text", completed: reader.bytesRead, total: corpus.byteCount,
            unit: "B"))
      }
    }
  }

  /// Drops the rare words, and numbers the others anew.
  private init(_ builder: TextBuilder, minimumCount: Int) throws(WordVectorError) {
    let kept = builder.counts.indices.filter { builder.counts[$0] >= UInt64(minimumCount) }
    if kept.isEmpty { throw .noWords(minimumCount: minimumCount) }
    let bytes = kept.map { Array(builder.table.bytes(of: TokenID($0)) ?? []) }
    let order = kept.indices.sorted { a, b in
      let (x, y) = (builder.counts[kept[a]], builder.counts[kept[b]])
      return x != y ? x > y : bytes[a].lexicographicallyPrecedes(bytes[b])
    }
    var numbers = [Int32](repeating: -2, count: builder.counts.count)
    for (new, place) in order.enumerated() {
      words.append(bytes[place])
      counts.append(builder.counts[kept[place]])
      numbers[kept[place]] = Int32(new)
    }
    tokens.reserveCapacity(builder.tokens.count)
    for token in builder.tokens {
      let number = token == Self.boundary ? Self.boundary : numbers[Int(token)]
      if number >= Self.boundary { tokens.append(number) }
    }
  }
}

/// A text whose words are numbered as they come.
private struct TextBuilder {
  var table = TokenTable()
  var counts: [UInt64] = []
  var tokens: [Int32] = []

  /// Adds a word; those longer than any token are left out.
  @discardableResult
  mutating func append(_ word: Span<UInt8>) throws(WordVectorError) -> Int32? {
    if word.count > TokenTable.maximumTokenSize { return nil }
    if let known = table.id(of: word) {
      append(Int32(known))
      return Int32(known)
    }
    do {
      try table.insert(word, id: TokenID(table.count))
    } catch {
      throw .tooManyWords(limit: WordVectors.wordLimit)
    }
    counts.append(0)
    append(Int32(counts.count - 1))
    return Int32(counts.count - 1)
  }

  mutating func append(_ known: Int32) {
    counts[Int(known)] += 1
    tokens.append(known)
  }

  mutating func endDocument() {
    if let last = tokens.last, last != TrainingText.boundary {
      tokens.append(TrainingText.boundary)
    }
  }
}
