public import TesseraBasics
internal import TesseraCheckpoints
public import TesseraTokenizers

/// A model with fewer tokens, ready to be written as a new model directory.
///
///     let base = try BaseModel(directory: "models/base-en")
///     var options = TrimmingOptions(vocabularySize: 4_000)
///     options.keptIDs = try ModelTrimming.namedIDs(of: base)
///     let trimming = try TokenizerTrimming(
///       of: base.tokenizer, frequencies: base.tokenizer.measurement(of: corpus).frequencies,
///       options: options)
///     try ModelTrimming(of: base, by: trimming).write(intoStaging: folder)
///
/// The rows of tokens that are left, and their elements in the head's bias, are those of the base bit
/// for bit, all other tensors too. Rows that belong to no token are dropped. Memory is needed for blocks
/// of rows and not for the model.
public struct ModelTrimming: Sendable {
  /// The model that is trimmed.
  public let base: BaseModel
  /// What becomes of its tokens.
  public let trimming: TokenizerTrimming
  /// For each row of the base, whether it stays.
  private let isKept: [Bool]
  private let rowCount: Int
  private let named: NamedTokenFiles

  /// Lays out the rows; nothing is written yet.
  ///
  /// - Parameters:
  ///   - base: The model.
  ///   - trimming: Of the tokenizer of the base, with ``namedIDs(of:)`` kept.
  /// - Throws: ``VocabularyError/unknownTokenTensor(name:)``, and what reading throws.
  public init(of base: BaseModel, by trimming: TokenizerTrimming) throws(VocabularyError) {
    self.base = base
    self.trimming = trimming
    isKept = (0..<base.rowCount).map { row in
      row < trimming.newIDs.count && trimming.newIDs[row] != nil
    }
    rowCount = isKept.count { $0 }
    try base.checkTokenTensors()
    named = try NamedTokenFiles(of: base)
  }

  /// Sees to it that all tensors with something for each token can be trimmed, as the initializer does
  /// as well: for a caller with long work before it.
  ///
  /// - Parameter base: The model.
  /// - Throws: ``VocabularyError/unknownTokenTensor(name:)``.
  public static func checkTensors(of base: BaseModel) throws(VocabularyError) {
    try base.checkTokenTensors()
  }

  /// The tokens that the model's configuration gives a role to, such as ending a text: they have to stay.
  ///
  /// - Parameter base: The model.
  /// - Throws: ``VocabularyError/unknownNamedToken(path:key:id:)`` for an ID that no token has.
  public static func namedIDs(of base: BaseModel) throws(VocabularyError) -> Set<TokenID> {
    try NamedTokenFiles(of: base).roles(base.tokenizer)
  }

  /// Writes the files of the new model into a folder that exists and is empty, and reads them again.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - progress: Gets bytes of weights.
  /// - Returns: The files of the base that were copied, and those that were left out.
  /// - Throws: ``VocabularyError/auditFailed(_:)``, ``VocabularyError/interrupted``, and what reading
  ///   and writing throws.
  public func write(
    intoStaging directory: String, progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> (carriedOver: [String], leftOut: [String]) {
    try WeightRewriter(base: base.checkpoint, progress: progress).write(
      to: directory,
      shape: { tensor in
        base.matrices.all.first { $0.tensor.name.utf8.elementsEqual(tensor.name.utf8) }
          .map { $0.shape(rowCount: rowCount) }
      }
    ) { (tensor, shard, append) throws(VocabularyError) in
      try copyRows(of: tensor, shard, append)
    }
    var written = base.checkpoint.shardNames
    if base.checkpoint.index != nil { written.append(ShardIndex.fileName) }
    written += try named.write(trimming.newIDs, rowCount: rowCount, to: directory)
    do {
      written += try trimming.tokenizer.write(toDirectory: directory)
    } catch {
      throw .tokenizer(error)
    }
    // Both tell of old IDs; the first one is where older transformers list added tokens.
    let files = try CarriedFiles(
      from: base.checkpoint, to: directory, written: written,
      outdated: ["added_tokens.json", VocabularyExtension.recordName])
    let findings = try audit(directory)
    if !findings.isEmpty { throw .auditFailed(findings) }
    return (files.carriedOver, files.leftOut)
  }

  /// Hands out the rows that stay, in blocks.
  private func copyRows(
    of tensor: StoredTensor, _ shard: SafetensorsFile, _ append: WeightRewriter.Append
  ) throws(VocabularyError) {
    let rowSize = tensor.size / max(1, base.rowCount)
    let step = max(1, (1 << 22) / max(1, rowSize))
    for start in stride(from: 0, to: base.rowCount, by: step) {
      let rows = start..<min(base.rowCount, start + step)
      let bytes: [UInt8]
      do {
        bytes = try shard.bytes(
          of: tensor, in: rows.lowerBound * rowSize..<rows.upperBound * rowSize)
      } catch {
        throw .checkpoint(error)
      }
      var kept: [UInt8] = []
      kept.reserveCapacity(bytes.count)
      for row in rows where isKept[row] {
        kept += bytes[(row - start) * rowSize..<(row - start + 1) * rowSize]
      }
      if !kept.isEmpty { try append(.bytes(kept)) }
    }
  }

  /// Reads the new model and compares rows and tokens with those of the base.
  private func audit(_ directory: String) throws(VocabularyError) -> [AuditFinding] {
    let new = try BaseModel(directory: directory, names: base.checkpoint.names)
    var findings: [AuditFinding] = []
    if new.tokenizer.vocabularySize != rowCount {
      findings.append(
        .vocabularySizeDiffers(expected: rowCount, found: new.tokenizer.vocabularySize))
    }
    for (old, id) in trimming.newIDs.enumerated() {
      guard let id, new.tokenizer.bytes(of: id) != base.tokenizer.bytes(of: TokenID(old)) else {
        continue
      }
      findings.append(.oldTokenChanged(TokenID(old)))
    }
    for before in base.matrices.all {
      guard let after = new.matrices.all.first(where: { $0.tensor.name == before.tensor.name })
      else {
        findings.append(.tensorsDiffer(name: before.tensor.name))
        continue
      }
      for (old, id) in trimming.newIDs.enumerated() {
        if Interruption.isRequested { throw .interrupted }
        guard let id else { continue }
        do {
          let a = try before.bytes(in: old..<old + 1)
          let b = try after.bytes(in: Int(id)..<Int(id) + 1)
          if a != b { findings.append(.oldRowChanged(tensor: after.tensor.name, row: Int(id))) }
        } catch {
          throw .checkpoint(error)
        }
      }
    }
    return Array(findings.prefix(10))
  }
}
