public import TesseraBasics
import TesseraCheckpoints
import TesseraModels
public import TesseraTokenizers
public import TesseraVocabulary

/// Rows of new tokens that are learned with the model itself, before its vocabulary is extended.
///
///     let learning = try RowLearning(
///       base, tokens: selection.tokens, extended: selection.tokenizer, documents: documents,
///       options: RowLearningOptions())
///     inputs.learnedRows[.distill] = try learning.rows(by: .distill)
///
/// The model is read into memory with the new rows at the means of their pieces. Whatever a method does,
/// body and old rows stay as they are.
public struct RowLearning: Sendable {
  /// How rows are learned.
  public let options: RowLearningOptions
  /// The model that is to be extended, without the added tokens whose places new ones take.
  let base: BaseModel
  /// The new tokens.
  let tokens: NewTokens
  /// The model before anything is learned.
  let extended: ExtendedTransformer
  /// What is learned from.
  let text: AlignedText
  let progress: ProgressHandler?

  /// Sees to it that the model is one whose rows can be learned by a method.
  ///
  /// - Throws: `CheckpointError/configuration(path:key:found:expected:)` for a model that is not computed,
  ///   ``MaskingError/predictsMaskedTokens(purpose:)``, `VocabularyError/tiedModelHasNoHead(method:)`,
  ///   ``TrainingRunError/noSuchLayer(_:layerCount:)``.
  public static func check(
    _ base: BaseModel, method: InitializationMethod, options: RowLearningOptions
  ) throws {
    let configuration = try Transformer.checkedConfiguration(of: base.checkpoint)
    if configuration.objective != .nextToken {
      throw MaskingError.predictsMaskedTokens(purpose: "--init \(method.rawValue)")
    }
    if method == .correctedFirst, configuration.tiedEmbeddings {
      throw VocabularyError.tiedModelHasNoHead(method: method)
    }
    if let depth = options.depth, !(0...configuration.layerCount).contains(depth) {
      throw TrainingRunError.noSuchLayer(depth, layerCount: configuration.layerCount)
    }
  }

  /// Reads the model, and cuts the text into windows.
  ///
  /// - Parameters:
  ///   - base: The model.
  ///   - tokens: The new tokens.
  ///   - extended: The tokenizer with the new tokens.
  ///   - documents: Text in the new language.
  ///   - options: How rows are learned.
  ///   - progress: Gets the progress of this and of all methods.
  /// - Throws: `CheckpointError`, `TokenizerError`, ``TrainingRunError/notAligned(document:)``,
  ///   `VocabularyError/interrupted`.
  public init(
    _ base: BaseModel, tokens: NewTokens, extended: Tokenizer, documents: [[UInt8]],
    options: RowLearningOptions, progress: ProgressHandler? = nil
  ) throws {
    self.options = options
    self.tokens = tokens
    self.progress = progress
    let base = try base.vacating(tokens.reusedIDs)
    self.base = base
    self.extended = try ExtendedTransformer(base, tokens: tokens, progress: progress)
    text = try AlignedText(
      documents, base: base.tokenizer, extended: extended, tokens: tokens,
      contextLength: self.extended.model.configuration.contextLength, options: options,
      progress: progress)
  }

  /// How many new tokens stand in the text that is learned from; all others stay the means of their pieces.
  public var seenTokenCount: Int { text.seenTokenCount }

  /// The rows by a method that learns them.
  ///
  /// - Throws: ``TrainingRunError/notFinite(step:inARow:)``, `VocabularyError/interrupted`.
  /// - Precondition: The method `InitializationMethod/learnsRows`.
  public func rows(by method: InitializationMethod) throws -> LearnedRowsInitializer {
    switch method {
    case .distill: try distilledRows()
    case .contextual: try contextualRows()
    case .reprogram: try reprogrammedRows()
    case .correctedFirst: try correctedFirstRows()
    default: preconditionFailure("\(method.rawValue) learns nothing with the model")
    }
  }

  // MARK: What methods share

  /// The length of a row.
  var width: Int { extended.model.configuration.width }

  /// Each new token as the mean of its pieces.
  var pieceMeans: RowRecipes {
    RowRecipes(for: tokens) { index in .mean(of: tokens.pieces(of: index).map { Int($0) }) }
  }

  /// Rows as the means of pieces, with what is added to them.
  ///
  /// - Parameters:
  ///   - rows: [new tokens, width].
  ///   - role: Which matrix they are of.
  func recipes(ofRows rows: [Float], _ role: MatrixRole) -> RowRecipes {
    var recipes = pieceMeans
    recipes.offsets = zip(rows, extended.rows(role)).map { $0 - $1 }
    return recipes
  }

  /// Clears the gradients of tokens that the text does not have: whatever is learned of others, they stay
  /// as they are.
  ///
  /// - Parameter gradient: [new tokens, width].
  func clearUnseen(_ gradient: inout [Float]) {
    for (index, count) in text.counts.enumerated() where count == 0 {
      for i in index * width..<(index + 1) * width { gradient[i] = 0 }
    }
  }

  /// Tells how far a phase is, and ends it after a signal.
  func report(_ phase: String, _ completed: Int, of total: Int, _ detail: String? = nil) throws {
    if Interruption.isRequested { throw VocabularyError.interrupted }
    progress?(
      ProgressUpdate(
        phase: phase, completed: completed, total: total, unit: "tokens", detail: detail))
  }

  /// Calls the body with all batches, for one pass over the text.
  ///
  /// - Parameters:
  ///   - phase: What progress calls it.
  ///   - body: Gets a batch and the number of its step, from 1, and may give a word on it.
  func forEachBatch(
    _ phase: String, _ body: (AlignedBatch, _ step: Int) throws -> String?
  ) throws {
    var completed = 0
    for (step, range) in text.batches.enumerated() {
      let batch = text.batch(range)
      let detail = try body(batch, step + 1)
      completed += text.windows[range].reduce(0) { $0 + $1.base.count }
      try report(phase, completed, of: text.baseTokenCount, detail)
    }
  }

  /// The learning rate: that of the options, or a share of the rows' size.
  func learningRate(share: Double) -> Double {
    options.learningRate ?? share * extended.inputScale.rootMeanSquare
  }
}
