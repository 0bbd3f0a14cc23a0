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

      --memory bounds the memory: what does not fit goes to files. --counts takes what `tessera \
      count` made, on one machine or many, instead of a corpus.

      A tokenizer that is to train a model needs an end-of-text token: give --special.

      Example:
        tessera train corpora-samples/en --paragraphs --vocab-size 2000 \\
          --special '<|endoftext|>' --output tokenizer-en
      """)

  @Argument(
    help:
      "Text files or folders of them; .jsonl, .gz and .zst are read as such, - is standard input.",
    completion: .file())
  var corpus: [String] = []

  @Option(
    parsing: .upToNextOption, help: "Files that tessera count made, instead of a corpus.",
    completion: .file())
  var counts: [String] = []

  @OptionGroup var documents: DocumentOptions

  @Option(help: "Tokens in all: 256 bytes, special tokens, and merges.")
  var vocabSize: Int

  @Option(help: "One more vocabulary size from the same run. (repeatable)")
  var alsoSize: [Int] = []

  @Option(help: "Pairs that occur less often are not merged.")
  var minFrequency = 0

  @Option(help: "The longest token, in bytes. (default: no limit)")
  var maxTokenLength: Int?

  @Option(help: "Which of equally frequent pairs is merged first.")
  var tie = TieOrder.hf

  @OptionGroup var counting: CountingArguments
  @OptionGroup var memory: MemoryArguments
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if minFrequency < 0 {
      throw ValidationError("--min-frequency must be at least 0, not \(minFrequency)")
    }
    if let maxTokenLength, maxTokenLength < 2 {
      throw ValidationError("--max-token-length must be at least 2, not \(maxTokenLength)")
    }
    if corpus.isEmpty == counts.isEmpty {
      throw ValidationError(
        corpus.isEmpty
          ? "a corpus or --counts is needed" : "a corpus and --counts exclude each other")
    }
    let minimum = 256 + counting.special.count
    for (name, size) in [("--vocab-size", vocabSize)] + alsoSize.map({ ("--also-size", $0) })
    where size < minimum {
      throw ValidationError("\(name) must be at least \(minimum), not \(size)")
    }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try namingCorpus(corpus + counts) { try train(console) }
  }

  private func train(_ console: Console) throws {
    let directory = try OutputDirectory(
      path: output.output, force: output.force, inputs: corpus + counts)
    let budget = try memory.budget(in: directory.stagingPath)
    var options = BPETrainerOptions(vocabularySize: max(vocabSize, alsoSize.max() ?? 0))
    options.minimumFrequency = minFrequency
    options.maximumTokenLength = maxTokenLength
    options.tie = tie
    options.counting = counting.options()
    try options.check()

    let counted: CountedPreTokens
    if counts.isEmpty {
      counted = try countPreTokens(
        in: documents.corpus(corpus), options.counting, memory: budget, progress: console.progress)
    } else {
      counted = try givenCounts()
      options.counting = counted.options
      try options.check()
    }
    let trained = try BPETrainer.train(
      on: counted, options, memory: budget, progress: console.progress)

    let main = trained.prefix(vocabularySize: vocabSize)
    try write(main, counted, to: directory.stagingPath)
    for size in Set(alsoSize).sorted() {
      let path = Path.join(directory.stagingPath, "vocab-\(size)")
      try createDirectory(path)
      try write(trained.prefix(vocabularySize: size), counted, to: path)
    }
    try RunConfiguration.current.write(to: directory.stagingPath)
    try directory.commit()
    try report(main, counted, output.output, console)
  }

  /// The sum of the files of counts, which must be of what the command line says, if it says so.
  private func givenCounts() throws -> CountedPreTokens {
    let first = try CountedPreTokens(files: [counts[0]])
    return try CountedPreTokens(files: counts, options: counting.options(over: first.options))
  }

  /// Writes the files of a vocabulary.
  private func write(
    _ trained: TrainedBPE, _ counted: CountedPreTokens, to path: String
  ) throws {
    try trained.makeTokenizer().write(toDirectory: path)
    let record = try TrainingRecord(
      trained, corpora: counted.corpora, totals: counted.totals(),
      tool: "tessera \(Tessera.version)")
    try writeFile(Path.join(path, "training.json"), record.json.serialized(pretty: true) + [0x0A])
  }

  /// Says what was made.
  private func report(
    _ trained: TrainedBPE, _ counted: CountedPreTokens, _ path: String, _ console: Console
  ) throws {
    console.finishProgress()
    let textSize = counted.corpora.reduce(0) { $0 + $1.textSize }
    let distinctCount = try counted.totals().distinctCount
    if common.json {
      try console.printJSON([
        "output": JSONValue(path),
        "vocabulary_size": JSONValue(trained.vocabularySize),
        "merges": JSONValue(trained.merges.count),
        "documents": JSONValue(counted.corpora.reduce(0) { $0 + $1.documentCount }),
        "corpus_bytes": JSONValue(textSize),
        "distinct_pre_tokens": JSONValue(distinctCount),
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
        + "\(groupDigits(distinctCount)) distinct pre-tokens")
  }
}
