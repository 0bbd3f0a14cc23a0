import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// `tessera vectors CORPUS… --output FILE`: learns vectors of words or tokens.
struct VectorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors",
    abstract: "Learn vectors of words or tokens from text.",
    discussion: """
      Skip-gram or CBOW with negative sampling and n-grams of characters, as fastText has them, and the \
      same bytes for the same text, options and seed, for any number of threads. A file that ends in \
      .bin is a model that fastText loads, n-grams included; one that ends in .vec is text with a word \
      and its numbers on each line. `tessera extend --init wechsel` reads both. With --tokenizer the \
      words are tokens, as its vocabulary spells them.

      Example:
        tessera vectors corpora-samples/en --paragraphs --min-count 2 --output en.vec
      """)

  @Argument(
    help:
      "Text files or folders of them; .jsonl, .gz and .zst are read as such, - is standard input.",
    completion: .file())
  var corpus: [String]

  @OptionGroup var documents: DocumentOptions

  @Option(help: "A folder or file: learn vectors of this tokenizer's tokens.", completion: .file())
  var tokenizer: String?

  @Option(
    help: """
      What is predicted: \(WordVectorOptions.Architecture.allCases.map(\.rawValue)
        .joined(separator: ", ")).
      """)
  var architecture = WordVectorOptions().architecture

  @Option(help: "Components of a vector.")
  var dimension = WordVectorOptions().dimension

  @Option(help: "The most words on each side that are predicted, or predicted from.")
  var window = WordVectorOptions().window

  @Option(help: "Words that are drawn to tell apart from each that stands there.")
  var negatives = WordVectorOptions().negativeCount

  @Option(help: "How often the text is gone through.")
  var epochs = WordVectorOptions().epochs

  @Option(help: "Words that stand more seldom have no vector.")
  var minCount = WordVectorOptions().minimumCount

  @Option(help: "Frequent words are left out at random: the smaller, the more. 0 keeps all.")
  var subsampling = WordVectorOptions().subsampling

  @Option(help: "The learning rate at the beginning; it falls to 0.")
  var lr = WordVectorOptions().learningRate

  @Option(help: "The fewest characters of an n-gram.")
  var minGram = WordVectorOptions().minimumLength

  @Option(help: "The most characters of an n-gram; 0 for no n-grams.")
  var maxGram = WordVectorOptions().maximumLength

  @Option(help: "Buckets of n-grams. (default: ten for each word, 2000000 at most)")
  var buckets: Int?

  @OptionGroup var seed: SeedOption
  @OptionGroup var output: OutputFileOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    try checkRange("--dimension", dimension, 1...10_000)
    try checkRange("--window", window, 1...1_000)
    try checkRange("--negatives", negatives, 1...1_000)
    try checkRange("--epochs", epochs, 1...100_000)
    try checkRange("--min-count", minCount, 1...Int.max)
    try checkRange("--max-gram", maxGram, 0...100)
    if maxGram > 0 { try checkRange("--min-gram", minGram, 1...maxGram) }
    try checkRange("--buckets", buckets, 1...1 << 30)
    if !(subsampling >= 0 && subsampling <= 1) {
      throw ValidationError("--subsampling must be between 0 and 1, not \(subsampling)")
    }
    if !(lr > 0 && lr <= 10) {
      throw ValidationError("--lr must be above 0 and at most 10, not \(lr)")
    }
    if WordVectors.Format(path: output.output) == nil {
      throw ValidationError("--output must end in .vec or .bin, not \"\(output.output)\"")
    }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try output.check(inputs: corpus + (tokenizer.map { [$0] } ?? []))
    let source = TrainingText.Source.corpora([try documents.corpus(corpus)])
    let options = options
    let text: TrainingText
    if let tokenizer {
      text = try TrainingText(
        tokensOf: [source], tokenizer: Tokenizer(contentsOf: tokenizer),
        minimumCount: options.minimumCount, progress: console.progress)
    } else {
      text = try TrainingText(
        wordsOf: [source], minimumCount: options.minimumCount, progress: console.progress)
    }
    let vectors = try WordVectors(
      learnedFrom: text, options: options, seed: seed.seed, progress: console.progress)
    try Interrupted.check()
    try console.during("writing") {
      try vectors.write(to: output.output, options: options, overwrite: output.force)
    }
    console.finishProgress()
    if common.json {
      try console.printJSON([
        "output": JSONValue(output.output), "words": JSONValue(vectors.count),
        "dimension": JSONValue(vectors.dimension),
        "buckets": JSONValue(vectors.subwords?.bucketCount ?? 0),
        "text_words": JSONValue(text.wordCount),
      ])
    } else {
      console.say(
        "\(output.output): \(vectors.summary), learned from \(groupDigits(text.wordCount)) words")
    }
  }

  private var options: WordVectorOptions {
    var options = WordVectorOptions()
    options.architecture = architecture
    options.dimension = dimension
    options.window = window
    options.negativeCount = negatives
    options.epochs = epochs
    options.minimumCount = minCount
    options.subsampling = subsampling
    options.learningRate = lr
    options.minimumLength = minGram
    options.maximumLength = maxGram
    options.bucketCount = buckets
    return options
  }
}
