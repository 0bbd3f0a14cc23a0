import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// Reads or learns the vectors of words that methods of initialization go by.
struct VectorPreparation {
  /// What the command line says.
  let options: VectorOptions
  /// The methods of the embedding and the head.
  let methods: [InitializationMethod]
  /// The text of the new language.
  let target: TrainingText.Source
  /// The text of the base's language, if there is one.
  let source: TrainingText.Source?
  /// The seed of the vectors that are learned.
  let seed: UInt64

  /// The vectors; nil where no method goes by them.
  ///
  /// - Parameter tokenizer: The tokenizer with the new tokens.
  func vectors(tokenizer: Tokenizer, _ console: Console) throws -> VectorInputs? {
    guard methods.contains(where: \.usesVectors) else { return nil }
    let isFocus = methods.contains(.focus)
    var vectors: VectorInputs
    if let path = options.vectors {
      vectors = VectorInputs(target: try read(path, console))
      vectors.targetUnit = options.vectorUnit ?? .words
    } else if isFocus {
      vectors = VectorInputs(
        target: try learnTokens([target] + (source.map { [$0] } ?? []), tokenizer, console))
      vectors.targetUnit = .tokens
    } else {
      // Without a dictionary, one space for both languages is one text of both.
      let isJoint = options.dictionary == nil
      let sources = [target] + (isJoint ? source.map { [$0] } ?? [] : [])
      vectors = VectorInputs(
        target: try learnWords(sources, isJoint ? "both languages" : "the new language", console))
    }
    if let path = options.sourceVectors {
      vectors.source = try read(path, console)
    } else if let source, options.dictionary != nil {
      vectors.source = try learnWords([source], "the base's language", console)
    }
    vectors.dictionary = try options.dictionary.map { try BilingualDictionary(path: $0) }
    vectors.neighborCount = options.neighbors
    vectors.temperature = options.temperature
    vectors.rank = options.factorize
    vectors.vectorless = options.vectorless ?? .normal
    vectors.leavesOutUntrained = options.leaveOutUntrained
    vectors.progress = console.progress
    return vectors
  }

  private func read(_ path: String, _ console: Console) throws -> WordVectors {
    let vectors = try WordVectors(contentsOf: path, progress: console.progress)
    console.finishProgress()
    console.say("\(path): \(vectors.summary)")
    return vectors
  }

  private func learnWords(
    _ sources: [TrainingText.Source], _ language: String, _ console: Console
  ) throws -> WordVectors {
    var options = WordVectorOptions()
    if let count = self.options.vectorMinCount { options.minimumCount = count }
    let text = try TrainingText(
      wordsOf: sources, minimumCount: options.minimumCount, progress: console.progress)
    return try learn(text, options, "words of \(language)", console)
  }

  private func learnTokens(
    _ sources: [TrainingText.Source], _ tokenizer: Tokenizer, _ console: Console
  ) throws -> WordVectors {
    var options = WordVectorOptions.tokens
    if let count = self.options.vectorMinCount { options.minimumCount = count }
    let text = try TrainingText(
      tokensOf: sources, tokenizer: tokenizer, minimumCount: options.minimumCount,
      progress: console.progress)
    return try learn(text, options, "tokens", console)
  }

  private func learn(
    _ text: TrainingText, _ options: WordVectorOptions, _ what: String, _ console: Console
  ) throws -> WordVectors {
    let vectors = try WordVectors(
      learnedFrom: text, options: options, seed: seed, progress: console.progress)
    console.finishProgress()
    console.say(
      "vectors of \(what), learned from \(groupDigits(text.wordCount)): \(vectors.summary)")
    return vectors
  }
}

extension WordVectors {
  /// What there is, in a few words.
  var summary: String {
    let grams = subwords.map { ", n-grams in \(groupDigits($0.bucketCount)) buckets" } ?? ""
    return "\(groupDigits(count)) vectors of \(dimension) components\(grams)"
  }
}
