import TesseraBasics
import TesseraTokenizers

extension DocumentEncoder {
  /// A source of documents to train on.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - name: What metrics call it.
  ///   - unit: What is masked together; nil where nothing is masked.
  ///   - spans: The spans of documents, by what is in them, if they are units.
  /// - Throws: What encoding throws.
  func source(
    _ documents: [[UInt8]], name: String, unit: MaskingUnit?, spans: [[UInt8]: [Range<Int>]]
  ) throws -> TrainingSource {
    guard let unit, unit != .token else {
      return TrainingSource(name: name, documents: try encode(documents))
    }
    var tokens = makeDocuments()
    var beginsUnit: [Bool] = []
    try append(
      documents, unit: unit, spans: documents.map { spans[$0] ?? [] }, to: &tokens,
      beginsUnit: &beginsUnit)
    var source = TrainingSource(name: name, documents: tokens)
    source.beginsUnit = beginsUnit
    return source
  }

  /// Encodes documents, and says where what is masked together begins.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - unit: What is masked together.
  ///   - spans: The spans of each document, if they are units.
  ///   - result: What the tokens are appended to.
  ///   - beginsUnit: What is appended to for each token, end-of-text tokens included.
  /// - Throws: What encoding throws.
  func append(
    _ documents: [[UInt8]], unit: MaskingUnit, spans: [[Range<Int>]],
    to result: inout TokenizedDocuments, beginsUnit: inout [Bool]
  ) throws {
    if unit == .token {
      let before = result.tokens.count
      try append(documents, to: &result)
      beginsUnit += repeatElement(true, count: result.tokens.count - before)
      return
    }
    for (index, text) in try tokenizer.tokenizedTexts(documents).enumerated() {
      result.append(text.ids, byteCount: documents[index].count)
      beginsUnit +=
        unit == .word ? text.beginsWord : Self.beginsSpan(text.offsets, spans[index])
      beginsUnit.append(true)
    }
  }

  /// For each token, whether it is not a later one of a span's: those that have a byte of the span.
  static func beginsSpan(_ offsets: [Range<Int>], _ spans: [Range<Int>]) -> [Bool] {
    var next = 0
    var current: Int?
    return offsets.map { bytes in
      while next < spans.count, spans[next].upperBound <= bytes.lowerBound { next += 1 }
      let isInside =
        next < spans.count && spans[next].lowerBound < max(bytes.upperBound, bytes.lowerBound + 1)
      defer { current = isInside ? next : nil }
      return !isInside || current != next
    }
  }
}
