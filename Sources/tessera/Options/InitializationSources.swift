import ArgumentParser
import TesseraCorpora
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

  /// The files and folders that methods read.
  var paths: [String] { parallel + [donor].compactMap { $0 } }

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
}
