// extension.json: what an extension did, so that it can be explained, repeated and undone.
//
//   format            "tessera-extension-1"
//   base              sizes of the base, SHA-256 of its configuration, tokenizer and token matrices; size and
//                     SHA-256 of each file that can be made again, if the base was kept
//   first_id, new_tokens, rows, padding, row_multiple, tied
//   reused_ids        the IDs of added tokens of the base that new tokens have, if there are any: the first
//                     new tokens have these, in order, all others those from first_id on
//   initialization    seed; for input and output (null where tied): tensor, copies if the matrix is stored
//                     several times, method and its settings, noise, norms; biases, if the head has any: their
//                     new elements are sums with the weights of the output rows (of the input rows where tied);
//                     offsets: size and SHA-256 of extension/offsets.safetensors, if there is one
//   carried_over, left_out
//   previous          the extension.json of the base, if it had one and the base was not kept: that of a kept
//                     one is extension/extension.json
//   merges            [left, right, result] in the order of their ranks, after those of the base
//   tokens            for each new token its ID, bytes (hexadecimal), text, pieces, and the recipes of
//                     its rows: weights of base rows, weight of the mean, scale where it is not 1, norm of the
//                     offset where there is one, has_noise where it is not like all others
//
// Merges and tokens stand one on a line, so that the file can be read and compared.

internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// The content of `extension.json`.
struct ExtensionRecord {
  /// What the file says that it is.
  static let format = "tessera-extension-1"
  /// The largest record that is written and read, in bytes.
  static let sizeLimit = 1 << 30
  /// The most terms of recipes for which there is room: one takes some 30 bytes.
  static let termLimit = sizeLimit / 32

  private let subject: VocabularyExtension
  private let report: ExtensionReport
  private let matrices: [PreparedMatrix]
  private let base: BaseHashes
  /// The files of the base that can be made again.
  private let restorable: [(name: String, file: FileHash)]
  /// The record of the base, if it was extended itself and is not kept.
  private let previous: JSONValue?
  /// The file with offsets of rows, if there is one.
  private let offsets: FileHash?

  init(
    _ subject: VocabularyExtension, report: ExtensionReport, matrices: [PreparedMatrix],
    base: BaseHashes, restorable: [(name: String, file: FileHash)], previous: JSONValue?,
    offsets: FileHash?
  ) {
    self.subject = subject
    self.report = report
    self.matrices = matrices
    self.base = base
    self.restorable = restorable
    self.previous = previous
    self.offsets = offsets
  }

  /// The bytes of the file.
  func serialized() -> [UInt8] {
    let initialization = InitializationRecord(
      seed: subject.options.seed, matrices: report.matrices, biases: report.biases,
      prepared: matrices, offsets: offsets)
    var record = JSONLinesObject()
    record.append("format", .string(Self.format))
    record.append("base", .object(baseEntry()))
    record.append("first_id", JSONValue(report.ids.next))
    let reused = subject.tokens.reusedIDs
    if !reused.isEmpty {
      record.append("reused_ids", .array(reused.map { JSONValue($0) }))
    }
    record.append("new_tokens", JSONValue(report.newTokenCount))
    record.append("rows", JSONValue(report.rowCount))
    record.append("padding", .string(subject.options.padding.rawValue))
    record.append("row_multiple", JSONValue(subject.options.rowMultiple))
    record.append("tied", .bool(report.tied))
    record.append("initialization", .object(initialization.json))
    record.append("carried_over", .array(report.carriedOver.map { .string($0) }))
    record.append("left_out", .array(report.leftOut.map { .string($0) }))
    if let previous { record.append("previous", previous) }
    record.append("merges", lines: subject.tokens.merges.lazy.map(merge))
    record.append(
      "tokens",
      lines: (0..<subject.tokens.count).lazy.map { initialization.token($0, of: subject.tokens) })
    return record.finish()
  }

  private func baseEntry() -> JSONObject {
    var result = base.json
    result["vocabulary_size"] = JSONValue(subject.base.vocabularySize)
    result["rows"] = JSONValue(subject.base.rowCount)
    guard !restorable.isEmpty else { return result }
    var files = JSONObject()
    for (name, file) in restorable { files.append(newKey: name, file.json) }
    result["files"] = .object(files)
    return result
  }

  /// Writes the bytes of a record, unless nobody could read it.
  ///
  /// - Throws: ``VocabularyError/file(_:)`` with `FileError.tooLarge` above the limit, and what writing throws.
  static func write(
    _ record: [UInt8], to path: String, limit: Int = sizeLimit
  ) throws(VocabularyError) {
    if record.count > limit {
      throw .file(.tooLarge(path: path, size: record.count, limit: limit))
    }
    try withVocabularyErrors { () throws(FileError) in try writeFile(path, record) }
  }

  /// The record of a base that was extended itself, or nil.
  static func previous(of checkpoint: Checkpoint) throws(VocabularyError) -> JSONValue? {
    guard checkpoint.files.contains(VocabularyExtension.recordName) else { return nil }
    let path = Path.join(checkpoint.directory, VocabularyExtension.recordName)
    let bytes = try withVocabularyErrors { () throws(FileError) in
      try readFile(path, limit: sizeLimit)
    }
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .checkpoint(.json(path: path, error: error))
    }
  }

  private func merge(_ merge: NewMerge) -> JSONValue {
    [JSONValue(merge.left), JSONValue(merge.right), JSONValue(merge.result)]
  }
}
