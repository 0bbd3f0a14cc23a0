import ArgumentParser
import TesseraCorpora
import TesseraTokenizers
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

  /// The files and folders that methods read.
  var paths: [String] { parallel + [donor].compactMap { $0 } + vectors.inputs }

  /// Opens what is read later, so that what cannot be is found before any work is done.
  func checkFiles() throws { try vectors.checkFiles() }

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
