public import TesseraBasics
internal import TesseraCheckpoints
public import TesseraTokenizers

/// A model with another tokenizer, ready to be written as a new model directory.
///
///     let base = try BaseModel(directory: "models/base-en")
///     let report = try VocabularyReplacement(of: base, by: "vocabs/english-32k")
///       .write(to: "replaced", force: false)
///
/// The model gets the tokenizer whole, with its IDs, added tokens and chat template. Tokens that the base
/// has as well keep their rows bit for bit, at their new IDs; all others get rows by a method of
/// initialization, from what the base makes of their bytes (``TokenCorrespondence``). IDs in
/// config.json and generation_config.json change with them. Old text has other tokens than before, so
/// a model has to be trained again before it is as good as it was.
///
/// Memory is needed for blocks of rows and not for the model.
public struct VocabularyReplacement: Sendable {
  /// The model whose tokenizer is replaced.
  public let base: BaseModel
  /// The tokenizer that it gets.
  public let tokenizer: Tokenizer
  /// Which of its tokens the base has.
  public let correspondence: TokenCorrespondence
  /// How rows are made; there is no padding to keep or reuse.
  public let options: ExtensionOptions
  /// What the methods are made from besides the base.
  public var inputs = InitializationInputs()
  /// The number of rows: that of the tokenizer's IDs, up to a multiple.
  public let rowCount: Int
  /// What the tokenizer was read from.
  let tokenizerPath: String
  let mappings: [TokenMapping]
  let named: NamedTokenFiles

  /// Families that count positions from the ID of the padding token on: with another ID, each position
  /// would have the vector of another one.
  private static let typesWithPositionsFromPadding: Set<String> = [
    "camembert", "data2vec-text", "esm", "ibert", "lilt", "longformer", "luke", "m2m_100", "mpnet",
    "nllb-moe", "roberta", "roberta-prelayernorm", "xglm", "xlm-roberta", "xlm-roberta-xl", "xmod",
  ]

  /// Compares the tokenizers and sees to it that the model can get the other one; nothing is written yet.
  ///
  /// - Parameters:
  ///   - base: The model.
  ///   - path: The tokenizer, a folder or a file of any format.
  ///   - pattern: How text is split, for files that do not say it.
  ///   - mappings: Added tokens that are what others were.
  ///   - options: How rows are made.
  /// - Throws: ``VocabularyError/methodNeedsExtension(_:)``,
  ///   ``VocabularyError/tokensOfCharacters(path:)``, ``VocabularyError/unknownMappedToken(_:isOld:)``,
  ///   ``VocabularyError/roleWithoutToken(path:key:token:isAdded:)`` for a token with a role that
  ///   the tokenizer lacks, ``VocabularyError/paddingMoved(modelType:from:to:)``,
  ///   ``VocabularyError/tiedModelHasNoHead(method:)``, ``VocabularyError/unknownTokenTensor(name:)``, and
  ///   what reading throws.
  public init(
    of base: BaseModel, by path: String, pattern: PreTokenizerPattern? = nil,
    mappings: [TokenMapping] = [], options: ExtensionOptions = ExtensionOptions()
  ) throws(VocabularyError) {
    for method in [options.inputMethod, options.outputMethod].compactMap({ $0 })
    where method.needsExtension {
      throw .methodNeedsExtension(method)
    }
    try base.checkRows(outputMethod: options.outputMethod)
    do { tokenizer = try Tokenizer(contentsOf: path, pattern: pattern) } catch {
      throw .tokenizer(error)
    }
    for (tokenizer, path) in [(base.tokenizer, base.checkpoint.directory), (tokenizer, path)]
    where tokenizer.model.alphabet != .bytes {
      throw .tokensOfCharacters(path: path)
    }
    named = try NamedTokenFiles(of: base)
    correspondence = try TokenCorrespondence(
      of: tokenizer, to: base.tokenizer, mappings: mappings)
    try named.checkRoles(correspondence.newIDs, of: base.tokenizer)
    try Self.checkPadding(of: base, correspondence.newIDs)
    self.base = base
    self.options = options
    self.mappings = mappings
    tokenizerPath = path
    let multiple = options.rowMultiple
    rowCount = (tokenizer.vocabularySize + multiple - 1) / multiple * multiple
  }

  private static func checkPadding(
    of base: BaseModel, _ newIDs: [TokenID?]
  ) throws(VocabularyError) {
    let configuration = base.checkpoint.configuration
    let type = configuration.modelType
    guard typesWithPositionsFromPadding.contains(type),
      let id = configuration.json["pad_token_id"]?.int, newIDs.indices.contains(id),
      let newID = newIDs[id], Int(newID) != id
    else { return }
    throw .paddingMoved(modelType: type, from: id, to: Int(newID))
  }

  /// Writes the new model directory, audits it, and puts it in place.
  ///
  /// - Parameters:
  ///   - directory: The new directory.
  ///   - force: Whether one that Tessera wrote may be replaced.
  ///   - progress: Gets the progress of the methods, then bytes.
  /// - Throws: ``VocabularyError/auditFailed(_:)``, ``VocabularyError/missingInput(method:input:)``, and
  ///   what reading and writing throws. Nothing is left behind then.
  public func write(
    to directory: String, force: Bool, progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> ReplacementReport {
    let inputs = [base.checkpoint.directory, tokenizerPath]
    let output = try withVocabularyErrors { () throws(FileError) in
      try OutputDirectory(path: directory, force: force, inputs: inputs)
    }
    let report = try write(intoStaging: output.stagingPath, progress: progress)
    do { try output.commit() } catch { throw .file(error) }
    return report
  }

  /// Writes and audits the files of the new model in a folder that exists and is empty.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - progress: Gets what ``write(to:force:progress:)`` says.
  public func write(
    intoStaging directory: String, progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> ReplacementReport {
    let prepared = try MatrixPreparation(
      base: base, tokens: correspondence.tokens, tokenizer: tokenizer,
      shared: correspondence.shared, options: options, inputs: inputs, progress: progress
    ).run()
    let matrices = prepared.tensors.map { name, synthesizer in
      (
        name: name,
        matrix: ReplacedMatrix(
          correspondence: correspondence, rowCount: rowCount, synthesizer: synthesizer)
      )
    }
    let norms = try write(matrices, to: directory, progress)
    let files = try writeFiles(to: directory)
    let made = prepared.report(norms, of: base, fillerCount: 0)
    let report = ReplacementReport(
      sharedCount: correspondence.baseIDs.count { $0 != nil },
      newTokenCount: correspondence.tokens.count, droppedCount: correspondence.droppedCount,
      baseRowCount: base.rowCount, rowCount: rowCount, tied: base.matrices.tied,
      matrices: made.matrices, biases: made.biases, fromTokenizer: files.fromTokenizer,
      carriedOver: files.carried.carriedOver, leftOut: files.carried.leftOut)
    let record = ReplacementRecord(
      self, report: report, prepared: prepared.matrices,
      base: try BaseHashes(base, progress: progress))
    try ExtensionRecord.write(
      record.serialized(), to: Path.join(directory, VocabularyExtension.recordName))
    let findings = try ReplacementAudit(self, matrices: matrices)
      .findings(in: directory, progress: progress)
    if !findings.isEmpty { throw .auditFailed(findings) }
    return report
  }

  /// Writes the weights.
  ///
  /// - Returns: The norms of the new rows, in the order of the matrices.
  private func write(
    _ matrices: [(name: String, matrix: ReplacedMatrix)], to directory: String,
    _ progress: ProgressHandler?
  ) throws(VocabularyError) -> [NewRowNorms] {
    func index(of name: String) -> Int? {
      matrices.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }
    var norms = [NewRowNorms](repeating: NewRowNorms(), count: matrices.count)
    try WeightRewriter(base: base.checkpoint, progress: progress).write(
      to: directory,
      shape: { tensor in
        index(of: tensor.name).map {
          matrices[$0].matrix.synthesizer.base.shape(rowCount: rowCount)
        }
      }
    ) { (tensor, _, append) throws(VocabularyError) in
      guard let index = index(of: tensor.name) else { return }
      norms[index] = try matrices[index].matrix.write(append)
    }
    return norms
  }
}
