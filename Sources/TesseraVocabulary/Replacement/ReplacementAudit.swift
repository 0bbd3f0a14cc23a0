internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors
internal import TesseraTokenizers

/// Reads a model whose tokenizer was replaced again and compares it with its base and the tokenizer.
///
/// Checked are: the names, types, shapes and order of all tensors, and the number of rows that the
/// configuration states; each row of a token that the base has, bit for bit; that rows of new tokens are
/// finite, and those without a token the mean; and the bytes of the tokenizer's tokens. Rows are looked at
/// one by one, and not as they were written.
struct ReplacementAudit {
  /// So many findings are reported; a broken file would give millions.
  private static let findingLimit = 10

  private let subject: VocabularyReplacement
  private let matrices: [(name: String, matrix: ReplacedMatrix)]

  init(_ subject: VocabularyReplacement, matrices: [(name: String, matrix: ReplacedMatrix)]) {
    self.subject = subject
    self.matrices = matrices
  }

  /// What does not hold for the files in a directory.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - progress: Gets the bytes of the rows that are compared.
  /// - Throws: ``VocabularyError/interrupted`` after a signal, and what reading throws.
  func findings(
    in directory: String, progress: ProgressHandler?
  ) throws(VocabularyError) -> [AuditFinding] {
    let new = try BaseModel(directory: directory, names: subject.base.checkpoint.names)
    var findings = TensorAudit(
      base: subject.base, rowCount: subject.rowCount, changesRowCount: true
    ).findings(new.checkpoint)
    // Rows can be compared only in matrices that are there.
    if findings.isEmpty { findings += try rowFindings(new, progress) }
    findings += tokenFindings(new.tokenizer)
    return Array(findings.prefix(Self.findingLimit))
  }

  private func rowFindings(
    _ new: BaseModel, _ progress: ProgressHandler?
  ) throws(VocabularyError) -> [AuditFinding] {
    var counter = ByteCounter(
      phase: "auditing rows", total: new.matrices.all.reduce(0) { $0 + $1.tensor.size },
      handler: progress)
    var findings: [AuditFinding] = []
    for old in subject.base.matrices.all {
      let name = old.tensor.name
      guard let found = new.matrices.all.first(where: { $0.tensor.name == name }),
        let filler = matrices.first(where: { $0.name == name })?.matrix.filler
      else {
        findings.append(.tensorsDiffer(name: name))
        continue
      }
      for row in 0..<subject.rowCount {
        if let finding = try finding(row, old, found, filler) { findings.append(finding) }
        try counter.add(found.rowSize)
        if findings.count >= Self.findingLimit { return findings }
      }
    }
    return findings
  }

  private func finding(
    _ row: Int, _ old: TokenMatrix, _ new: TokenMatrix, _ filler: [UInt8]
  ) throws(VocabularyError) -> AuditFinding? {
    let (name, correspondence) = (new.tensor.name, subject.correspondence)
    let baseID = row < correspondence.baseIDs.count ? correspondence.baseIDs[row] : nil
    do {
      if let baseID {
        let rows = Int(baseID)..<Int(baseID) + 1
        return try old.bytes(in: rows) == new.bytes(in: row..<row + 1)
          ? nil : .oldRowChanged(tensor: name, row: row)
      }
      if subject.tokenizer.bytes(of: TokenID(row)) != nil {
        return try new.floats(in: row..<row + 1).allSatisfy(\.isFinite)
          ? nil : .nonFiniteRow(tensor: name, row: row)
      }
      return try new.bytes(in: row..<row + 1) == filler
        ? nil : .wrongFiller(tensor: name, row: row)
    } catch {
      throw .checkpoint(error)
    }
  }

  private func tokenFindings(_ found: Tokenizer) -> [AuditFinding] {
    let tokenizer = subject.tokenizer
    if found.vocabularySize != tokenizer.vocabularySize {
      return [
        .vocabularySizeDiffers(
          expected: tokenizer.vocabularySize, found: found.vocabularySize)
      ]
    }
    var findings: [AuditFinding] = []
    for id in 0..<TokenID(tokenizer.vocabularySize)
    where found.bytes(of: id) != tokenizer.bytes(of: id) {
      findings.append(.newTokenChanged(id))
    }
    return findings
  }
}
