import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// `tessera train CORPUS… --vocab-size N --output DIR`: trains a tokenizer.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a tokenizer on a corpus.",
    discussion: """
      Byte-level BPE, exact: the same merges as Hugging Face's trainer (--tie hf) or rustbpe \
      (--tie bytes), for any number of threads. A pre-token never spans two documents. The folder \
      gets tokenizer.json, tokenizer_config.json, tokenizer.tiktoken, training.json, which says how \
      the vocabulary was made, and configuration.yaml, the options of this call; the vocabulary of \
      --also-size N goes to vocab-N in the folder.

      A tokenizer that is to train a model needs an end-of-text token: give --special.

      Example:
        tessera train corpora-samples/en --paragraphs --vocab-size 2000 \\
          --special '<|endoftext|>' --output tokenizer-en
      """)

  @Argument(
    help:
      "Text files or folders of them; .jsonl, .gz and .zst are read as such, - is standard input.",
    completion: .file())
  var corpus: [String]

  @OptionGroup var documents: DocumentOptions

  @Option(help: "Tokens in all: 256 bytes, special tokens, and merges.")
  var vocabSize: Int

  @Option(help: "One more vocabulary size from the same run. (repeatable)")
  var alsoSize: [Int] = []

  @Option(
    help: """
      How text is split before merging: \(PreTokenizerPattern.names), or a regular expression. \
      (default: o200k)
      """,
    transform: PreTokenizerPattern.parse)
  var pattern = PreTokenizerPattern.o200k

  @Option(help: "How text is normalized before it is split.")
  var normalizer = Normalization.none

  @Option(help: "Pairs that occur less often are not merged.")
  var minFrequency = 0

  @Option(help: "The longest token, in bytes. (default: no limit)")
  var maxTokenLength: Int?

  @Option(help: "A special token: cut out of the corpus, never made by text. (repeatable)")
  var special: [String] = []

  @Option(help: "Which of equally frequent pairs is merged first.")
  var tie = TieOrder.hf

  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if minFrequency < 0 {
      throw ValidationError("--min-frequency must be at least 0, not \(minFrequency)")
    }
    if let maxTokenLength, maxTokenLength < 2 {
      throw ValidationError("--max-token-length must be at least 2, not \(maxTokenLength)")
    }
    let minimum = 256 + special.count
    for (name, size) in [("--vocab-size", vocabSize)] + alsoSize.map({ ("--also-size", $0) })
    where size < minimum {
      throw ValidationError("\(name) must be at least \(minimum), not \(size)")
    }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try namingCorpus(corpus) { try train(console) }
  }

  private func train(_ console: Console) throws {
    let directory = try OutputDirectory(
      path: output.output, force: output.force, inputs: self.corpus)
    let corpus = try documents.corpus(corpus)
    var options = BPETrainerOptions(vocabularySize: max(vocabSize, alsoSize.max() ?? 0))
    options.minimumFrequency = minFrequency
    options.maximumTokenLength = maxTokenLength
    options.specialTokens = special
    options.tie = tie
    options.pattern = pattern
    options.normalization = normalizer
    try options.check()

    let counts = try countPreTokens(
      in: corpus, pattern: pattern, normalization: normalizer, specialTokens: special,
      progress: console.progress)
    let trained = try BPETrainer.train(on: counts, options, progress: console.progress)

    let main = trained.prefix(vocabularySize: vocabSize)
    try write(main, counts, to: directory.stagingPath)
    for size in Set(alsoSize).sorted() {
      let path = Path.join(directory.stagingPath, "vocab-\(size)")
      try createDirectory(path)
      try write(trained.prefix(vocabularySize: size), counts, to: path)
    }
    try RunConfiguration.current.write(to: directory.stagingPath)
    try directory.commit()
    try report(main, counts, output.output, console)
  }

  /// Writes the files of a vocabulary.
  private func write(_ trained: TrainedBPE, _ counts: PreTokenCounts, to path: String) throws {
    try trained.makeTokenizer().write(toDirectory: path)
    let record = TrainingRecord(trained, counts: counts, tool: "tessera \(Tessera.version)")
    try writeFile(Path.join(path, "training.json"), record.json.serialized(pretty: true) + [0x0A])
  }

  /// Says what was made.
  private func report(
    _ trained: TrainedBPE, _ counts: PreTokenCounts, _ path: String, _ console: Console
  ) throws {
    console.finishProgress()
    let textSize = counts.source?.textSize ?? 0
    if common.json {
      try console.printJSON([
        "output": JSONValue(path),
        "vocabulary_size": JSONValue(trained.vocabularySize),
        "merges": JSONValue(trained.merges.count),
        "documents": JSONValue(counts.source?.documentCount ?? 0),
        "corpus_bytes": JSONValue(textSize),
        "distinct_pre_tokens": JSONValue(counts.count),
      ])
      return
    }
    if trained.vocabularySize < vocabSize {
      console.say(
        "no further pair is frequent enough: "
          + "\(groupDigits(trained.vocabularySize)) tokens and not \(groupDigits(vocabSize))")
    }
    console.say(
      "\(path): \(groupDigits(trained.vocabularySize)) tokens from "
        + "\(formatAmount(Double(textSize), unit: "B")) of text, "
        + "\(groupDigits(counts.count)) distinct pre-tokens")
  }
}
