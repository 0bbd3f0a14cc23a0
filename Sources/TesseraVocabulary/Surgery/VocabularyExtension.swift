public import TesseraBasics
internal import TesseraCheckpoints
public import TesseraTokenizers

/// A model with new tokens, ready to be written as a new model directory.
///
///     let base = try BaseModel(directory: "models/base-en")
///     let selection = try TokenSelection(
///       base: base.tokenizer, corpora: [SelectionCorpus(name: "ko", corpus: corpus)],
///       options: TokenSelectionOptions(newTokenCount: 1_000),
///       ids: base.newIDs(padding: .reuse))
///     let report = try VocabularyExtension(of: base, tokens: selection.tokens)
///       .write(to: "extended", force: false)
///
/// Memory is needed for blocks of rows and not for the model: every tensor but the embedding and
/// the head is copied, and those are read in blocks as well. The new directory appears complete and
/// audited, or not at all.
public struct VocabularyExtension: Sendable {
  /// The file of the new directory that says what was done.
  public static let recordName = "extension.json"

  /// The model that is extended, without the added tokens whose places new ones take.
  public let base: BaseModel
  /// The new tokens.
  public let tokens: NewTokens
  /// The tokenizer with the new tokens.
  public let tokenizer: Tokenizer
  /// How rows are made and placed.
  public private(set) var options: ExtensionOptions
  /// What the methods are made from besides the base.
  private(set) var inputs: InitializationInputs
  /// Where old and new rows stand.
  public let layout: RowLayout
  /// What the record has to say, if the extension is one that was made before.
  let delta: ExtensionDelta?

  /// Extends the tokenizer and lays out the rows; nothing is written yet.
  ///
  /// - Parameters:
  ///   - base: The model to extend.
  ///   - tokens: The new tokens, with IDs of ``BaseModel/newIDs(padding:reserved:)`` for the options' padding.
  ///   - options: How rows are made and placed.
  ///   - inputs: What the methods of the options need besides the base.
  /// - Throws: ``VocabularyError/tiedModelHasNoHead(method:)``,
  ///   ``VocabularyError/missingInput(method:input:)``,
  ///   ``VocabularyError/unknownTokenTensor(name:)``, and what extending the tokenizer and reading the
  ///   record of the base throws.
  /// - Precondition: The IDs are those that the options ask for.
  public init(
    of base: BaseModel, tokens: NewTokens, options: ExtensionOptions = ExtensionOptions(),
    inputs: InitializationInputs = InitializationInputs()
  ) throws(VocabularyError) {
    // Before anything long begins.
    try Self.checkMethods(options, inputs)
    try self.init(of: base, tokens: tokens, options: options, inputs: inputs, delta: nil)
  }

  private static func checkMethods(
    _ options: ExtensionOptions, _ inputs: InitializationInputs
  ) throws(VocabularyError) {
    for method in [options.inputMethod, options.outputMethod].compactMap({ $0 }) {
      _ = try method.initializer(from: inputs)
    }
  }

  /// Changes how rows are made, and nothing about tokens and places.
  ///
  /// For callers that tell what is added before they gather what rows are made from.
  ///
  /// - Parameters:
  ///   - options: Methods and seed; padding and multiple are as before.
  ///   - inputs: What the methods need besides the base.
  /// - Throws: ``VocabularyError/tiedModelHasNoHead(method:)``,
  ///   ``VocabularyError/missingInput(method:input:)``.
  /// - Precondition: Rows are placed as before.
  public mutating func setRows(
    by options: ExtensionOptions, from inputs: InitializationInputs
  ) throws(VocabularyError) {
    precondition(
      options.padding == self.options.padding && options.rowMultiple == self.options.rowMultiple,
      "rows are placed as before")
    try Self.checkMethods(options, inputs)
    try base.checkRows(outputMethod: options.outputMethod)
    self.options = options
    self.inputs = inputs
  }

  /// As above; with a record, recipes are those that it has.
  init(
    of base: BaseModel, tokens: NewTokens, options: ExtensionOptions,
    inputs: InitializationInputs, delta: ExtensionDelta?
  ) throws(VocabularyError) {
    precondition(
      tokens.ids.next == base.newIDs(padding: options.padding).next,
      "new IDs are those after what is kept")
    let base = try base.vacating(tokens.reusedIDs)
    try base.checkRows(outputMethod: options.outputMethod)
    do {
      tokenizer = try base.tokenizer.extended(with: tokens.merges)
    } catch {
      throw .tokenizer(error)
    }
    _ = try ExtensionRecord.previous(of: base.checkpoint)
    self.base = base
    self.tokens = tokens
    self.options = options
    self.inputs = inputs
    self.delta = delta
    layout = RowLayout(
      baseRowCount: base.rowCount, ids: tokens.ids, newTokenCount: tokens.count,
      multiple: options.rowMultiple)
  }

  /// What the model grows by.
  public var growth: ModelGrowth {
    base.growth(newTokenCount: tokens.count, ids: tokens.ids, options: options)
  }

  /// Writes the new model directory, audits it, and puts it in place.
  ///
  /// - Parameters:
  ///   - directory: The new directory.
  ///   - force: Whether one that Tessera wrote may be replaced.
  ///   - inputs: Files and folders besides the base that must not be lost, such as the corpus.
  ///   - progress: Gets the progress of the methods, then bytes: of weights that are written, of the base
  ///     whose files are hashed, and of rows that are compared.
  /// - Throws: ``VocabularyError/auditFailed(_:)``, and what reading and writing throws. Nothing is
  ///   left behind then.
  public func write(
    to directory: String, force: Bool, inputs: [String] = [], progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> ExtensionReport {
    let inputs = [base.checkpoint.directory] + inputs
    let output = try withVocabularyErrors { () throws(FileError) in
      try OutputDirectory(path: directory, force: force, inputs: inputs)
    }
    let report = try write(intoStaging: output.stagingPath, progress: progress)
    do { try output.commit() } catch { throw .file(error) }
    return report
  }

  /// Writes and audits the files of the new model in a folder that exists and is empty.
  ///
  /// For callers that have more to put into the same directory.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - keepsBase: Whether ``ModelRestoration`` can make the base of the new model again, as long as
  ///     nothing in it changes.
  ///   - progress: Gets what ``write(to:force:inputs:progress:)`` says.
  public func write(
    intoStaging directory: String, keepsBase: Bool = true, progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> ExtensionReport {
    // A base that is kept has its record beside it, as one of its files.
    let previous = keepsBase ? nil : try ExtensionRecord.previous(of: base.checkpoint)
    let prepared = try MatrixPreparation(
      base: base, tokens: tokens, tokenizer: tokenizer, options: options, inputs: inputs,
      delta: delta, progress: progress
    ).run()
    let termCount = prepared.matrices.reduce(0) { $0 + $1.synthesizer.recipes.termCount }
    if termCount > ExtensionRecord.termLimit {
      throw .wordVectors(
        .supportTooLarge(
          meanTermCount: termCount / prepared.matrices.count / tokens.count,
          termLimit: ExtensionRecord.termLimit))
    }
    let surgery = WeightSurgery(
      base: base.checkpoint,
      matrices: prepared.tensors.map { name, synthesizer in
        (tensor: name, matrix: ExtendedMatrix(layout: layout, synthesizer: synthesizer))
      }, progress: progress)
    let grown = prepared.report(
      try surgery.write(to: directory), of: base, fillerCount: layout.fillers.count)
    let files = try copyFiles(to: directory)
    let report = ExtensionReport(
      newTokenCount: tokens.count, ids: tokens.ids, baseRowCount: layout.baseRowCount,
      rowCount: layout.rowCount, tied: base.matrices.tied, matrices: grown.matrices,
      biases: grown.biases, carriedOver: files.carriedOver, leftOut: files.leftOut)
    let kept = keepsBase ? KeptBase(of: base.checkpoint, carriedOver: files.sources) : nil
    try kept?.write(
      to: directory, tensors: prepared.tensors.map(\.name), rows: layout.replacedRows)
    let offsets = keepsBase ? try RowOffsets.write(prepared.matrices, to: directory) : nil
    let hashes = try BaseHashes.read(base, with: kept?.restorable ?? [], progress: progress)
    let record = ExtensionRecord(
      self, report: report, matrices: prepared.matrices, base: hashes.base,
      restorable: hashes.files,
      previous: previous, offsets: offsets
    ).serialized()
    try delta?.check(record)
    try ExtensionRecord.write(record, to: Path.join(directory, Self.recordName))
    let findings = try ExtensionAudit(self).findings(in: directory, progress: progress)
    if !findings.isEmpty { throw .auditFailed(findings) }
    return try adding(repeatedRowsOf: directory, to: report, progress)
  }

  /// The report with the new rows that are like others, for each matrix that was written.
  private func adding(
    repeatedRowsOf directory: String, to report: ExtensionReport, _ progress: ProgressHandler?
  ) throws(VocabularyError) -> ExtensionReport {
    let written = try withVocabularyErrors { () throws(CheckpointError) in
      try Checkpoint(directory: directory, names: base.checkpoint.names).tokenMatrices()
    }
    let baseRows = RangeSet(base.tokenRows).subtracting(layout.newRows)
    var report = report
    for index in report.matrices.indices {
      let matrix = written.all.first {
        $0.tensor.name.utf8.elementsEqual(report.matrices[index].tensor.utf8)
      }
      guard let matrix else { continue }
      report.matrices[index].repeated = try RepeatedRows(
        in: matrix, baseRows: baseRows, newRows: layout.newRows, progress: progress)
    }
    return report
  }
}
