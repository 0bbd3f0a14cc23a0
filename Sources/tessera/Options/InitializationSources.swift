import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTraining
import TesseraVocabulary

/// What methods make rows from besides the model and the corpus.
struct InitializationSources: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      For transtok: files with a sentence in the model's language, a tab and its translation on \
      each line.
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

  /// Refuses options that nothing would follow, and too few for what is asked.
  ///
  /// - Parameters:
  ///   - methods: The methods that are asked for; nil for all that can be made.
  ///   - others: Methods that learn rows, and may be taken where none is asked for.
  func check(
    for methods: [InitializationMethod]?, byDefault others: [InitializationMethod] = []
  ) throws {
    try vectors.check(for: methods ?? [])
    try learning.check(for: methods ?? others)
    guard let methods else { return }
    let needs: [(option: String, isGiven: Bool, methods: [InitializationMethod])] = [
      ("--parallel", !parallel.isEmpty, [.transTokenization]),
      ("--donor", donor != nil, [.clp, .matchingPursuit]),
    ]
    for need in needs {
      let takers = methods.filter { need.methods.contains($0) }
      if let method = takers.first, !need.isGiven {
        throw ValidationError("\(method.rawValue) needs \(need.option)")
      }
      if takers.isEmpty, need.isGiven {
        let names = need.methods.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(need.option) is for --init \(names)")
      }
    }
  }

  /// Opens what is read later, so that what cannot be is found before any work is done.
  func checkFiles(_ documents: DocumentOptions) throws {
    try vectors.checkFiles()
    if !vectors.sourceCorpus.isEmpty { _ = try documents.corpus(vectors.sourceCorpus) }
  }

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
  func addLearnedRows(
    to inputs: inout InitializationInputs, for methods: [InitializationMethod],
    base: BaseModel, selection: TokenSelection, seed: UInt64, _ console: Console
  ) throws {
    let methods = methods.filter(\.learnsRows)
    if methods.isEmpty { return }
    let rows = try RowLearning(
      base, tokens: selection.tokens, extended: selection.tokenizer,
      documents: inputs.documents ?? [], options: learning.options(seed: seed),
      progress: console.progress)
    let (seen, all) = (rows.seenTokenCount, selection.tokens.count)
    if seen < all {
      console.say(
        "\(groupDigits(seen)) of \(groupDigits(all)) new tokens stand in the text that rows are learned "
          + "from; the others stay the means of their pieces")
    }
    for method in methods where inputs.learnedRows[method] == nil {
      inputs.learnedRows[method] = try rows.rows(by: method)
    }
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
}
