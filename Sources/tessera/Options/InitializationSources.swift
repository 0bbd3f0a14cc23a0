import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// What methods make rows from besides the model and the corpus.
struct InitializationSources: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      For transtok: files with a sentence in the model's language, a tab and its translation on each \
      line.
      """, valueName: "file"), completion: .file())
  var parallel: [String] = []

  @Option(
    help: ArgumentHelp(
      "For clp and omp: the directory of a model that has tokens of the new language.",
      valueName: "dir"), completion: .directory)
  var donor: String?

  @OptionGroup var vectors: VectorOptions
  @OptionGroup var learning: RowLearningArguments

  /// The files and folders that methods read.
  var paths: [String] { parallel + [donor].compactMap { $0 } + vectors.inputs }

  /// Opens what is read later, so that what cannot be is found before any work is done.
  func checkFiles() throws { try vectors.checkFiles() }

  /// Sees to it that methods that learn rows with the model can do so, before anything long begins.
  func checkLearning(_ base: BaseModel, _ methods: [InitializationMethod]) throws {
    for method in methods where method.learnsRows {
      try RowLearning.check(base, method: method, options: learning.options(seed: 0))
    }
  }

  /// Learns rows with the model, for the methods that do.
  ///
  /// - Parameters:
  ///   - inputs: What gets the rows, and has the documents to learn from.
  ///   - methods: The methods of the embedding and the head.
  ///   - base: The model.
  ///   - selection: The new tokens.
  ///   - seed: The seed of the order of text.
  ///   - progress: Gets the progress.
  func addLearnedRows(
    to inputs: inout InitializationInputs, for methods: [InitializationMethod],
    base: BaseModel, selection: TokenSelection, seed: UInt64, progress: ProgressHandler?
  ) throws {
    let methods = Set(methods.filter(\.learnsRows))
    if methods.isEmpty { return }
    let rows = try RowLearning(
      base, tokens: selection.tokens, extended: selection.tokenizer,
      documents: inputs.documents ?? [], options: learning.options(seed: seed),
      progress: progress)
    for method in methods { inputs.learnedRows[method] = try rows.rows(by: method) }
  }

  /// What methods are made from besides the corpus.
  func inputs() throws -> InitializationInputs {
    var inputs = InitializationInputs()
    if !parallel.isEmpty {
      inputs.parallelText = try ParallelText(
        Corpus(paths: parallel, options: CorpusOptions(documents: .lines)))
    }
    if let donor { inputs.donor = try DonorModel(directory: donor) }
    return inputs
  }

  /// Reads or learns the vectors of words, if a method goes by them.
  ///
  /// - Parameters:
  ///   - inputs: What gets the vectors.
  ///   - methods: The methods of the embedding and the head.
  ///   - target: The text of the new language.
  ///   - source: The text of the base's language, if there is one.
  ///   - tokenizer: The tokenizer with the new tokens.
  ///   - seed: The seed of vectors that are learned.
  ///   - console: What is told of them.
  func addVectors(
    to inputs: inout InitializationInputs, for methods: [InitializationMethod],
    target: TrainingText.Source, source: Corpus?, tokenizer: Tokenizer, seed: UInt64,
    _ console: Console
  ) throws {
    let preparation = VectorPreparation(
      options: vectors, methods: methods, target: target, source: source.map { .corpora([$0]) },
      seed: seed)
    inputs.vectors = try preparation.vectors(tokenizer: tokenizer, console)
  }
}
