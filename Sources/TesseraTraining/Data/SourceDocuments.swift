import TesseraBasics

/// The documents of a source as training reads them: some of them with a prefix in front.
///
/// Which ones is a hash of the seed, the source and the document's number, so that it is the same in every
/// pass, and a larger share has those of a smaller one.
struct SourceDocuments: Sendable {
  /// The documents without a prefix.
  let documents: TokenizedDocuments
  /// Their prefixes.
  private let prefixes: DocumentPrefixes
  /// The share of documents that have theirs.
  private let share: Double
  private let seed: UInt64
  private let source: Int

  /// What keeps the choice apart from the orders of passes, which have the seed itself.
  private static let salt: UInt64 = 0x7072_6566_6978

  init(_ source: TrainingSource, number: Int, prefixShare: Double, seed: UInt64) {
    documents = source.documents
    prefixes = prefixShare > 0 ? source.prefixes : DocumentPrefixes()
    share = prefixShare
    self.seed = seed ^ Self.salt
    self.source = number
  }

  /// The number of documents.
  var count: Int { documents.count }
  /// The token between documents.
  var endOfText: Int32 { Int32(bitPattern: documents.endOfText) }

  /// The number of tokens of the prefix of a document.
  func prefixCount(of document: Int) -> Int {
    if prefixes.isEmpty { return 0 }
    if share < 1 {
      var random = SplitMix64(seed: seed, stream: UInt64(source) << 40 | UInt64(document))
      if random.uniform() >= share { return 0 }
    }
    return prefixes.range(of: document).count
  }

  /// The number of tokens of a document, its prefix and its end-of-text token included.
  func tokenCount(of document: Int) -> Int {
    prefixCount(of: document) + documents.range(of: document).count
  }

  /// The number of tokens of all documents, prefixes and end-of-text tokens included.
  ///
  /// - Complexity: O(documents) where there are prefixes.
  var tokenCount: Int {
    documents.tokens.count
      + (prefixes.isEmpty ? 0 : (0..<count).reduce(0) { $0 + prefixCount(of: $1) })
  }

  /// Copies tokens of a document, counted from those of its prefix on.
  ///
  /// - Parameter hidesPrefix: Whether tokens of the prefix become positions without a target.
  func copy(
    _ range: Range<Int>, of document: Int, into output: inout [Int32], at offset: Int,
    hidesPrefix: Bool
  ) {
    let prefixCount = prefixCount(of: document)
    let prefix = prefixes.range(of: document).lowerBound
    let start = documents.range(of: document).lowerBound
    var place = offset
    for index in range.lowerBound..<max(range.lowerBound, min(range.upperBound, prefixCount)) {
      output[place] = hidesPrefix ? -1 : prefixes.tokens[prefix + index]
      place += 1
    }
    let lower = max(0, range.lowerBound - prefixCount)
    let upper = max(lower, range.upperBound - prefixCount)
    documents.tokens.copy(start + lower..<start + upper, into: &output, at: place)
  }
}
