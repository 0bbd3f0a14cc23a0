package import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors
internal import TesseraTokenizers

/// Reads an extended model again and compares it with its base.
///
/// Checked are: the names, types, shapes and order of all tensors; all old rows, bit for bit; that
/// new rows are finite; that added padding is the mean of the tokens' rows; that a tied head is the
/// embedding; that the tokenizer has the IDs that it should, old tokens their bytes and new tokens
/// theirs; and that each new token is reached by its merges. Tensors that were copied are not read
/// again.
package struct ExtensionAudit {
  /// So many findings are reported; a broken file would give millions.
  private static let findingLimit = 10

  private let subject: VocabularyExtension

  package init(_ subject: VocabularyExtension) {
    self.subject = subject
  }

  /// What does not hold for the files in a directory.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - progress: Gets the bytes of the rows that are compared.
  /// - Throws: ``VocabularyError/interrupted`` after a signal, and what reading throws.
  package func findings(
    in directory: String, progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> [AuditFinding] {
    let extended = try withVocabularyErrors { () throws(CheckpointError) in
      try Checkpoint(directory: directory, names: subject.base.checkpoint.names)
    }
    let layout = subject.layout
    var findings = TensorAudit(
      base: subject.base, rowCount: layout.rowCount,
      changesRowCount: layout.rowCount != layout.baseRowCount
    ).findings(extended)
    // Rows can be compared only in matrices that are there.
    if findings.isEmpty { findings += try rowFindings(extended, progress) }
    findings += try tokenFindings(directory)
    return Array(findings.prefix(Self.findingLimit))
  }

  private func rowFindings(
    _ extended: Checkpoint, _ progress: ProgressHandler?
  ) throws(VocabularyError) -> [AuditFinding] {
    let matrices = try withVocabularyErrors { () throws(CheckpointError) in
      try extended.tokenMatrices()
    }
    var counter = ByteCounter(
      phase: "auditing rows", total: matrices.all.reduce(0) { $0 + $1.tensor.size },
      handler: progress)
    var findings: [AuditFinding] = []
    for old in subject.base.matrices.all {
      let new = matrices.all.first { $0.tensor.name.utf8.elementsEqual(old.tensor.name.utf8) }
      guard let new else {
        findings.append(.tensorsDiffer(name: old.tensor.name))
        continue
      }
      findings += try compare(old, new, &counter)
      findings += try fillerFindings(old, new, &counter)
    }
    return findings
  }

  /// Compares old rows byte for byte, and looks for numbers that are not finite in new ones.
  private func compare(
    _ old: TokenMatrix, _ new: TokenMatrix, _ counter: inout ByteCounter
  ) throws(VocabularyError) -> [AuditFinding] {
    let layout = subject.layout
    var findings: [AuditFinding] = []
    let step = max(1, (4 << 20) / max(1, old.rowSize))
    for range in layout.baseRows.ranges {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        let rows = start..<min(range.upperBound, start + step)
        let (a, b) = try withVocabularyErrors { () throws(CheckpointError) in
          (try old.bytes(in: rows), try new.bytes(in: rows))
        }
        try counter.add(b.count)
        if a == b { continue }
        for row in 0..<rows.count {
          let bytes = row * old.rowSize..<(row + 1) * old.rowSize
          if a[bytes] != b[bytes] {
            findings.append(.oldRowChanged(tensor: new.tensor.name, row: start + row))
          }
        }
      }
    }
    try new.forEachBlock(in: Array(layout.newRows.ranges)) {
      (start, values) throws(VocabularyError) in
      try counter.add(values.count * new.elementType.byteSize)
      for i in values.indices where !values[i].isFinite {
        let row = start + i / new.width
        if findings.last != .nonFiniteRow(tensor: new.tensor.name, row: row) {
          findings.append(.nonFiniteRow(tensor: new.tensor.name, row: row))
        }
      }
    }
    return findings
  }

  /// Compares padding rows that were added with the mean of the tokens' rows.
  private func fillerFindings(
    _ old: TokenMatrix, _ new: TokenMatrix, _ counter: inout ByteCounter
  ) throws(VocabularyError) -> [AuditFinding] {
    let fillers = subject.layout.fillers
    if fillers.isEmpty { return [] }
    let mean = try MatrixStatistics(of: old, rows: subject.base.tokenRows).mean
    let expected = new.elementType.bytes(of: mean.map { Float($0) })
    var findings: [AuditFinding] = []
    for row in fillers {
      let found = try withVocabularyErrors { () throws(CheckpointError) in
        try new.bytes(in: row..<row + 1)
      }
      try counter.add(found.count)
      if found != expected { findings.append(.wrongFiller(tensor: new.tensor.name, row: row)) }
    }
    return findings
  }

  private func tokenFindings(_ directory: String) throws(VocabularyError) -> [AuditFinding] {
    let base = subject.base.tokenizer
    let tokens = subject.tokens
    do {
      let extended = try Tokenizer(contentsOf: directory)
      var findings: [AuditFinding] = []
      let expected = max(
        subject.base.vocabularySize, subject.layout.newRows.ranges.last?.upperBound ?? 0)
      if extended.vocabularySize != expected {
        findings.append(
          .vocabularySizeDiffers(expected: expected, found: extended.vocabularySize))
      }
      for id in 0..<TokenID(base.vocabularySize)
      where tokens.index(of: id) == nil && base.bytes(of: id) != extended.bytes(of: id) {
        findings.append(.oldTokenChanged(id))
      }
      var encoder = try extended.merging().makeEncoder()
      var ids: [TokenID] = []
      for i in 0..<tokens.count {
        let (id, bytes) = (tokens.id(of: i), tokens.bytes(of: i))
        if extended.bytes(of: id) != bytes {
          findings.append(.newTokenChanged(id))
          continue
        }
        ids.removeAll(keepingCapacity: true)
        try encoder.encode(bytes.span, into: &ids)
        if ids != [id] { findings.append(.unreachableToken(id)) }
      }
      return findings
    } catch {
      throw .tokenizer(error)
    }
  }
}
