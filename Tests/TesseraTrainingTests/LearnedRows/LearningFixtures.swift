import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// A small Latin model in a folder, and Greek tokens for it.
struct GreekExtension {
  let base: BaseModel
  let selection: TokenSelection

  /// - Parameters:
  ///   - tied: Whether the head is the embedding.
  ///   - drift: What is added to every component of every row of the embedding: with it, states have a
  ///     direction in common, as those of trained models do.
  ///   - reservedCount: How many tokens there are for later use, with a used one between each two, all of
  ///     which give their places to new tokens.
  init(
    in folder: borrowing TemporaryDirectory, tied: Bool = true, drift: Float = 0,
    newTokenCount: Int = 12, reservedCount: Int = 0
  ) throws {
    let tokenizer = try Self.tokenizer(reservedCount: reservedCount)
    var model = Transformer(
      configuration: TransformerConfiguration(
        vocabularySize: tokenizer.vocabularySize + 3, width: 16, layerCount: 2, headCount: 2,
        keyValueHeadCount: 1, feedForwardWidth: 24, contextLength: 64, tiedEmbeddings: tied),
      seed: 4)
    var random = SplitMix64(seed: 9)
    for tensor in model.layout.tensors where tensor.role != .norm {
      let addition = tensor.role == .embedding ? drift : 0
      for i in tensor.range {
        model.parameters[i] = addition + Float(random.normal() * 0.2)
      }
    }
    let directory = folder.file("latin")
    _ = try folder.write("latin/README.md", "")
    try model.save(toStaging: directory)
    try tokenizer.write(toDirectory: directory)
    base = try BaseModel(directory: directory)
    var options = TokenSelectionOptions(newTokenCount: newTokenCount)
    options.minimumFrequency = 1
    let counts = try countPreTokens(in: greekDocuments, for: tokenizer)
    selection = try TokenSelection(
      base: tokenizer, counts: counts, options: options,
      ids: base.newIDs(padding: .reuse, reserved: ReservedTokens(of: base).ids))
  }

  /// The Latin tokenizer with more added tokens.
  private static func tokenizer(reservedCount: Int) throws -> Tokenizer {
    let tokenizer = try latinTokenizer()
    var added = tokenizer.addedTokens
    for i in 0..<reservedCount {
      let id = TokenID(tokenizer.vocabularySize + 2 * i)
      added += [AddedToken("<unused\(i)>", id: id), AddedToken("<used\(i)>", id: id + 1)]
    }
    return try Tokenizer(
      model: tokenizer.model, pipeline: tokenizer.pipeline, addedTokens: added,
      endOfText: tokenizer.endOfText)
  }

  /// What is learned from documents, few at a time.
  func learning(
    _ documents: [[UInt8]] = greekDocuments,
    _ change: (inout RowLearningOptions) -> Void = { _ in }
  ) throws -> RowLearning {
    var options = RowLearningOptions()
    options.windowLength = 32
    options.batchTokenCount = 128
    change(&options)
    return try RowLearning(
      base, tokens: selection.tokens, extended: selection.tokenizer, documents: documents,
      options: options)
  }

  /// The means of pieces of one matrix, and the rows that recipes make there.
  func rows(
    _ recipes: RowRecipes, of role: MatrixRole
  ) throws -> (means: [Float], rows: [Float]) {
    let matrix = role == .input ? base.matrices.embedding : base.matrices.head!
    let statistics = try MatrixStatistics(of: matrix, rows: base.tokenRows)
    func rows(_ recipes: RowRecipes) throws -> [Float] {
      try RowSynthesizer(
        recipes: recipes, base: matrix, tokenRows: base.tokenRows, statistics: statistics
      ).rows(in: 0..<recipes.count)
    }
    let tokens = selection.tokens
    let means = RowRecipes(for: tokens) { .mean(of: tokens.pieces(of: $0).map { Int($0) }) }
    return (try rows(means), try rows(recipes))
  }

  /// The extended model, as it is written.
  func model(
    _ rows: LearnedRowsInitializer, method: InitializationMethod, in directory: String
  ) throws -> Transformer {
    var inputs = InitializationInputs()
    inputs.learnedRows[method] = rows
    var options = ExtensionOptions()
    options.inputMethod = method
    _ = try VocabularyExtension(
      of: base, tokens: selection.tokens, options: options, inputs: inputs
    ).write(to: directory, force: true)
    return try Transformer(checkpoint: directory)
  }
}
