import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// Sentences and their translations, which an encoder reads side by side.
///
/// Conneau and Lample, "Cross-lingual Language Model Pretraining", 2019, arXiv:1901.07291, section 3.3.
public struct SentencePairs: Hashable, Sendable {
  /// What mixtures and metrics call them.
  public static let sourceName = "pairs"

  /// A sentence and its translation, in UTF-8.
  public struct Pair: Hashable, Sendable {
    /// The sentence.
    public var first: [UInt8]
    /// Its translation.
    public var second: [UInt8]
  }

  /// The pairs.
  public private(set) var pairs: [Pair]

  /// Reads files: of those that end in `.jsonl` (also `.gz` and `.zst`) two members of the object on each
  /// line, of all others a sentence, a tab and its translation on each line. Pairs of which a side is empty
  /// are left out.
  ///
  /// - Parameters:
  ///   - paths: The files; folders are read as those in them.
  ///   - fields: The members of JSON lines.
  /// - Throws: `CorpusError`; ``MaskingError/malformedPair(path:line:tabCount:)``,
  ///   ``MaskingError/noPairs(paths:)``.
  public init(paths: [String], fields: (first: String, second: String)) throws {
    pairs = []
    func corpus(_ field: String) throws -> Corpus {
      try Corpus(
        paths: paths,
        options: CorpusOptions(textField: field, documents: .lines, keepsEmptyDocuments: true))
    }
    // The second reader is for the second member of JSON lines, and passes over what the first has read.
    var firsts = try corpus(fields.first).makeReader()
    var seconds = try corpus(fields.second).makeReader()
    while let first = try firsts.next(), let second = try seconds.next() {
      if Self.isJSONLines(first.file) {
        append(first.bytes, second.bytes)
        continue
      }
      if first.bytes.isEmpty { continue }
      let parts = first.bytes.split(
        separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw MaskingError.malformedPair(
          path: first.file, line: first.position.line, tabCount: parts.count - 1)
      }
      append(Array(parts[0]), Array(parts[1]))
    }
    if pairs.isEmpty { throw MaskingError.noPairs(paths: paths) }
  }

  /// Pairs; those of which a side is empty are left out.
  init(_ pairs: [(first: [UInt8], second: [UInt8])]) {
    self.pairs = []
    for pair in pairs { append(pair.first, pair.second) }
  }

  private mutating func append(_ first: [UInt8], _ second: [UInt8]) {
    if !first.isEmpty, !second.isEmpty { pairs.append(Pair(first: first, second: second)) }
  }

  private static func isJSONLines(_ path: String) -> Bool {
    [".jsonl", ".jsonl.gz", ".jsonl.zst"].contains { path.hasSuffix($0) }
  }
}

extension DocumentEncoder {
  /// The tokens of pairs as documents to train on, each of both sentences one behind the other.
  ///
  /// - Throws: What encoding throws.
  func source(_ pairs: SentencePairs, unit: MaskingUnit) throws -> TrainingSource {
    var documents = makeDocuments()
    var beginsUnit: [Bool] = []
    var secondStarts: [Int] = []
    for start in stride(from: 0, to: pairs.pairs.count, by: Self.pairsAtOnce) {
      let part = pairs.pairs[start..<min(start + Self.pairsAtOnce, pairs.pairs.count)]
      // Words of the tokenizer where they are units; a pair has no spans.
      let texts = try tokenizer.tokenizedTexts(part.flatMap { [$0.first, $0.second] })
      for index in part.indices {
        let (first, second) = (texts[2 * (index - start)], texts[2 * (index - start) + 1])
        documents.append(
          first.ids + second.ids,
          byteCount: pairs.pairs[index].first.count + pairs.pairs[index].second.count)
        secondStarts.append(first.ids.count)
        for text in [first, second] {
          beginsUnit +=
            unit == .word
            ? text.beginsWord : [Bool](repeating: true, count: text.ids.count)
        }
        beginsUnit.append(true)
      }
    }
    var source = TrainingSource(name: SentencePairs.sourceName, documents: documents)
    source.beginsUnit = beginsUnit
    source.secondStarts = secondStarts
    return source
  }

  /// How many pairs are encoded at once.
  private static let pairsAtOnce = 4_096
}
