import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// Gathers what methods of initialization are made from once the new tokens are known: one way for all
/// verbs that extend a model.
struct InitializationEvidence {
  /// What the command line names.
  let sources: InitializationSources
  /// How files are cut into documents.
  let documents: DocumentOptions
  /// The methods of the embedding and the head, or all that are tried.
  let methods: [InitializationMethod]
  /// The seed of vectors that are learned.
  let seed: UInt64

  /// Adds the text of the new language, and vectors of words where a method goes by them.
  ///
  /// - Parameters:
  ///   - given: What was read before, ``InitializationSources/inputs()``.
  ///   - counts: The pre-tokens of each language.
  ///   - text: The text of the new language; methods that read documents get a sample.
  ///   - tokenizer: The tokenizer with the new tokens.
  func inputs(
    adding given: InitializationInputs, counts: [PreTokenCounts], text: TrainingText.Source,
    tokenizer: Tokenizer, _ console: Console
  ) throws -> InitializationInputs {
    var inputs = given
    inputs.counts = counts
    if methods.contains(where: \.needsDocuments) {
      inputs.documents = try sample(of: text, console)
    }
    let source = sources.vectors.sourceCorpus
    let vectors = VectorPreparation(
      options: sources.vectors, methods: methods, target: text,
      source: source.isEmpty ? nil : .corpora([try documents.corpus(source)]), seed: seed)
    inputs.vectors = try vectors.vectors(tokenizer: tokenizer, console)
    return inputs
  }

  private func sample(of text: TrainingText.Source, _ console: Console) throws -> [[UInt8]] {
    let limit = InitializationInputs.documentByteLimit
    switch text {
    case .documents(let documents): return Corpus.sample(of: documents, byteLimit: limit)
    case .corpora(let corpora):
      return try corpora.flatMap {
        try $0.sample(byteLimit: limit / corpora.count, progress: console.progress)
      }
    }
  }
}
