// extension.json of a model whose tokenizer was replaced: where each row is from. The base is not kept, so
// nothing can be restored.
//
//   format            "tessera-replacement-1"
//   base              sizes of the base, SHA-256 of its configuration, tokenizer and token matrices
//   shared_tokens, new_tokens, dropped_tokens, rows, row_multiple, tied
//   mapped_tokens     pairs of texts: added tokens of the base, and what they have become
//   initialization    as in ExtensionRecord.swift
//   from_tokenizer    files that are those beside the tokenizer
//   carried_over, left_out
//   base_ids          for each ID the base's token whose row it has, or null
//   tokens            for each new token what ExtensionRecord.swift says, its count apart
//
// Base IDs and tokens stand one on a line.

internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// The content of `extension.json` where a tokenizer was replaced.
struct ReplacementRecord {
  /// What the file says that it is.
  static let format = "tessera-replacement-1"

  private let subject: VocabularyReplacement
  private let report: ReplacementReport
  private let prepared: [PreparedMatrix]
  private let base: BaseHashes

  init(
    _ subject: VocabularyReplacement, report: ReplacementReport, prepared: [PreparedMatrix],
    base: BaseHashes
  ) {
    self.subject = subject
    self.report = report
    self.prepared = prepared
    self.base = base
  }

  /// The bytes of the file.
  func serialized() -> [UInt8] {
    let tokens = subject.correspondence.tokens
    let initialization = InitializationRecord(
      seed: subject.options.seed, matrices: report.matrices, biases: report.biases,
      prepared: prepared)
    var base = self.base.json
    base["vocabulary_size"] = JSONValue(subject.base.tokenizer.vocabularySize)
    base["rows"] = JSONValue(report.baseRowCount)
    var record = JSONLinesObject()
    record.append("format", .string(Self.format))
    record.append("base", .object(base))
    record.append("shared_tokens", JSONValue(report.sharedCount))
    record.append("new_tokens", JSONValue(report.newTokenCount))
    record.append("dropped_tokens", JSONValue(report.droppedCount))
    record.append("rows", JSONValue(report.rowCount))
    record.append("row_multiple", JSONValue(subject.options.rowMultiple))
    record.append("tied", .bool(report.tied))
    record.append(
      "mapped_tokens", .array(subject.mappings.map { [.string($0.old), .string($0.new)] }))
    record.append("initialization", .object(initialization.json))
    record.append("from_tokenizer", .array(report.fromTokenizer.map { .string($0) }))
    record.append("carried_over", .array(report.carriedOver.map { .string($0) }))
    record.append("left_out", .array(report.leftOut.map { .string($0) }))
    record.append(
      "base_ids",
      lines: subject.correspondence.baseIDs.lazy.map { id in id.map { JSONValue($0) } ?? .null })
    record.append(
      "tokens", lines: (0..<tokens.count).lazy.map { initialization.token($0, of: tokens) })
    return record.finish()
  }
}
