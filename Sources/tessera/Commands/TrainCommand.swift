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

      With --resume, and for corpora of 1 GB and more, the folder OUTPUT.state holds the counts and \
      the merges so far; when a run was killed, the same call with --resume goes on from there to the \
      same result. It is removed at the end.

      --language NAME=PATH trains on several languages such that none is served much worse than \
      another. --superwords-after N lets later tokens span several words. --from TOKENIZER goes on \
      from another tokenizer.

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

  @Option(help: "The longest token, in bytes; tokens of this length are made. (default: no limit)")
  var maxTokenLength: Int?

  @Option(
    help: """
      The same as max_token_length of tokenizers, whose longest token is one byte shorter. (default: \
      no limit)
      """)
  var hfMaxTokenLength: Int?

  @Option(
    help: """
      Which of equally frequent pairs is merged first. (default: \
      \(BPETrainerOptions(vocabularySize: 0).tie.rawValue))
      """)
  var tie: TieOrder?

  @Option(
    help: """
      A tokenizer to go on from, instead of the bytes: --vocab-size counts its tokens too, and it \
      splits the corpus as it does.
      """,
    completion: .directory)
  var from: String?

  @Flag(help: "Go on from OUTPUT.state, if a run was killed, and keep it while this one lasts.")
  var resume = false

  @OptionGroup var parity: ParityArguments
  @OptionGroup var superwords: SuperwordArguments
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
    if hfMaxTokenLength != nil && maxTokenLength != nil {
      throw ValidationError("--max-token-length and --hf-max-token-length exclude each other")
    }
    try checkRange("--hf-max-token-length", hfMaxTokenLength, 0...(.max))
    let sources = [("a corpus", corpus), ("--counts", counts), ("--language", parity.language)]
      .filter { !$0.1.isEmpty }.map(\.0)
    if sources.isEmpty { throw ValidationError("a corpus, --counts or --language is needed") }
    if sources.count > 1 {
      throw ValidationError("\(sources[0]) and \(sources[1]) exclude each other")
    }
    try checkModes()
    let minimum = 256 + counting.special.count
    for (name, size) in [("--vocab-size", vocabSize)] + alsoSize.map({ ("--also-size", $0) })
    where size < minimum && from == nil {
      throw ValidationError("\(name) must be at least \(minimum), not \(size)")
    }
    if let first = superwords.superwordsAfter, !(minimum...max(minimum, vocabSize)).contains(first)
    {
      throw ValidationError(
        "--superwords-after must be between \(minimum) and --vocab-size, not \(first)")
    }
  }

  /// Refuses options that do not go together.
  private func checkModes() throws {
    let isParity = !parity.language.isEmpty
    if let option = documents.givenOption, !counts.isEmpty {
      throw ValidationError("--counts and \(option) exclude each other")
    }
    let modes: [(name: String, isGiven: Bool, excluded: [(String, Bool)])] = [
      (
        "--language", isParity,
        [
          ("--superwords-after", superwords.superwordsAfter != nil), ("--from", from != nil),
          ("--memory", memory.memory != nil), ("--resume", resume),
          ("--also-size", !alsoSize.isEmpty),
        ]
      ),
      (
        "--superwords-after", superwords.superwordsAfter != nil,
        [
          ("--counts", !counts.isEmpty), ("--from", from != nil), ("--resume", resume),
          ("--also-size", !alsoSize.isEmpty),
          ("a corpus on standard input", corpus.contains("-")),
        ]
      ),
      (
        "--from", from != nil,
        [
          ("--counts", !counts.isEmpty), ("--resume", resume), ("--also-size", !alsoSize.isEmpty),
          ("--pattern", counting.pattern != nil), ("--normalizer", counting.normalizer != nil),
          ("--special", !counting.special.isEmpty), ("--tie", tie != nil),
        ]
      ),
    ]
    for mode in modes where mode.isGiven {
      if let other = mode.excluded.first(where: { $0.1 }) {
        throw ValidationError("\(mode.name) and \(other.0) exclude each other")
      }
    }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try namingCorpus(corpus + counts) { try train(console) }
  }

  /// The options for the largest vocabulary that was asked for.
  private var options: BPETrainerOptions {
    var options = BPETrainerOptions(vocabularySize: max(vocabSize, alsoSize.max() ?? 0))
    options.minimumFrequency = minFrequency
    options.maximumTokenLength =
      maxTokenLength ?? hfMaxTokenLength.map(BPETrainerOptions.maximumTokenLength(huggingFace:))
    if let tie { options.tie = tie }
    options.counting = counting.options()
    return options
  }

  private func train(_ console: Console) throws {
    let languages = parity.languages
    let inputs = corpus + counts + languages.flatMap(\.paths) + (from.map { [$0] } ?? [])
    let options = options
    let base = try from.map { try Tokenizer(contentsOf: $0) }
    if let from, let base, vocabSize <= base.vocabularySize {
      throw UsageError(
        "--vocab-size must be above \(base.vocabularySize), the number of IDs of \(from), "
          + "not \(vocabSize)")
    }
    if base == nil { try options.check() }
    let corpora = try documents.corpora(corpus.isEmpty ? languages.map(\.paths) : [corpus])

    let directory = try OutputDirectory(path: output.output, force: output.force, inputs: inputs)
    let budget = try memory.budget(in: directory.stagingPath)
    let isSimple = languages.isEmpty && base == nil && superwords.superwordsAfter == nil
    let state = try StateFolder(
      beside: output.output, inputs: inputs, resume: resume, force: output.force,
      isLarge: isSimple && (corpora.first?.byteCount ?? 0) >= StateFolder.corpusSize)
    var training = TokenizerTraining(
      options: options, budget: budget, state: state.state, console: console)

    if let base {
      let (tokenizer, record) = try training.extend(
        base, with: corpora[0], newTokenCount: vocabSize - base.vocabularySize)
      try write(tokenizer, record, to: directory.stagingPath)
      try RunConfiguration.current.write(to: directory.stagingPath)
      try directory.commit()
      try report(tokenizer, record, console)
      return
    }
    let outcome = try state.keepingIfInterrupted {
      if !languages.isEmpty {
        return try training.train(
          on: Array(zip(languages.map(\.name), corpora)), parity: parity.options)
      }
      if !counts.isEmpty {
        let counted = try givenCounts(sumsIn: directory.stagingPath)
        training.options.counting = counted.options
        return try training.train(on: counted)
      }
      if let first = superwords.superwordsAfter {
        return try training.train(
          on: corpora[0], superwordsAfter: first, pattern: superwords.superwordPattern ?? .none)
      }
      return try training.train(on: corpora[0])
    }

    let main = outcome.trained.prefix(vocabularySize: vocabSize)
    try write(main.makeTokenizer(), outcome.record(main).json, to: directory.stagingPath)
    for size in Set(alsoSize).sorted() {
      let path = Path.join(directory.stagingPath, "vocab-\(size)")
      try createDirectory(path)
      let smaller = outcome.trained.prefix(vocabularySize: size)
      try write(smaller.makeTokenizer(), outcome.record(smaller).json, to: path)
    }
    try RunConfiguration.current.write(to: directory.stagingPath)
    try directory.commit()
    state.remove()
    try report(main, outcome, console)
  }

  /// The sum of the files of counts, which must be of what the command line says, if it says so.
  private func givenCounts(sumsIn folder: String) throws -> CountedPreTokens {
    let first = try CountedPreTokens(files: [counts[0]])
    return try CountedPreTokens(
      files: counts, options: counting.options(over: first.options), folder: folder)
  }

  /// Writes the files of a vocabulary.
  private func write(_ tokenizer: Tokenizer, _ record: JSONValue, to path: String) throws {
    try tokenizer.write(toDirectory: path)
    try writeFile(Path.join(path, "training.json"), record.serialized(pretty: true) + [0x0A])
  }

  /// Says what was made.
  private func report(
    _ trained: TrainedBPE, _ outcome: TokenizerTraining.Outcome, _ console: Console
  ) throws {
    console.finishProgress()
    let textSize = outcome.corpora.textSize
    for size in Set(alsoSize + [vocabSize]).sorted() {
      let made = min(size, outcome.trained.vocabularySize)
      if made < size { sayTooFewPairs(made, of: size, console) }
    }
    if common.json {
      try console.printJSON([
        "output": JSONValue(output.output),
        "vocabulary_size": JSONValue(trained.vocabularySize),
        "merges": JSONValue(trained.merges.count),
        "documents": JSONValue(outcome.corpora.documentCount),
        "corpus_bytes": JSONValue(textSize),
        "distinct_pre_tokens": JSONValue(outcome.totals.distinctCount),
      ])
      return
    }
    for language in outcome.languages {
      console.say(
        "\(language.name): \(groupDigits(Int(clamping: language.tokenCount))) tokens, "
          + "\(groupDigits(language.mergeCount)) merges made for it")
    }
    console.say(
      "\(output.output): \(groupDigits(trained.vocabularySize)) tokens from "
        + "\(formatAmount(Double(textSize), unit: "B")) of text, "
        + "\(groupDigits(outcome.totals.distinctCount)) distinct pre-tokens")
  }

  /// Says that a vocabulary is smaller than it was asked for.
  private func sayTooFewPairs(_ made: Int, of size: Int, _ console: Console) {
    console.say(
      "no further pair is frequent enough: \(groupDigits(made)) tokens and not \(groupDigits(size))"
    )
  }

  /// Says what was made out of another tokenizer.
  private func report(_ tokenizer: Tokenizer, _ record: JSONValue, _ console: Console) throws {
    console.finishProgress()
    let newTokenCount = record["vocabulary"]?["new_tokens"]?.int ?? 0
    let made = tokenizer.vocabularySize
    if made < vocabSize { sayTooFewPairs(made, of: vocabSize, console) }
    if common.json {
      try console.printJSON([
        "output": JSONValue(output.output),
        "vocabulary_size": JSONValue(tokenizer.vocabularySize),
        "new_tokens": JSONValue(newTokenCount),
      ])
      return
    }
    console.say(
      "\(output.output): \(groupDigits(tokenizer.vocabularySize)) IDs, "
        + "\(groupDigits(newTokenCount)) new")
  }
}
