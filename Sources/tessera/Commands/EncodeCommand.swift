import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// `tessera encode --tokenizer PATH [FILE…]`: text to token IDs.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Turn text into token IDs.",
    discussion: """
      Writes the IDs of each document to standard output: as text, a line for each document with \
      spaces between the IDs; as jsonl, an object for each document; as json, one object for all; \
      as u16 or u32, little-endian numbers and nothing between documents. Texts are encoded as \
      they are: nothing is added at their beginning or end, unless --add-special-tokens asks for \
      what the tokenizer's file says about post-processing, truncation and padding (to the longest \
      text: each text for itself). A document that is larger than 16 MiB is encoded while it is read, \
      so it may be larger than the memory.

      --count writes how many tokens each document has instead of the IDs. --limit encodes no more of \
      each document than it needs for so many tokens; with --count it is a check: documents with more \
      tokens are shown as >N, as null in JSON, and the exit status is 1.

      Examples:
        echo "One fine day" | tessera encode --tokenizer models/base-en
        tessera encode --tokenizer models/base-en --count --limit 8192 README.md
      """)

  @OptionGroup var source: TokenizerOptions

  @Option(help: "How IDs are written. (default: text)")
  var format: TokenFormat?

  @Option(help: "What becomes of text that spells a special token.")
  var special = SpecialTokenPolicy.none

  @Flag(help: "Add what the tokenizer's file adds around texts, truncate and pad.")
  var addSpecialTokens = false

  @Flag(help: "Write the number of tokens of each document and not the IDs.")
  var count = false

  @Option(help: "Encode no more than the first so many tokens of each document.")
  var limit: Int?

  @Option(help: "Leave merges out with this probability, from 0 to 1. (default: the file's)")
  var dropout: Double?

  @OptionGroup var seed: SeedOption

  @Argument(
    help: "Text files; .jsonl, .gz and .zst are read as such, - is standard input. (default: -)",
    completion: .file())
  var files: [String] = []

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if common.json, let format, format != .json {
      throw ValidationError("--json writes one object, and --format \(format.rawValue) does not")
    }
    if let dropout, !(0...1).contains(dropout) {
      throw ValidationError("--dropout is a probability from 0 to 1, not \(dropout)")
    }
    if let limit, limit < 0 { throw ValidationError("--limit must not be negative") }
    if addSpecialTokens, count || limit != nil {
      throw ValidationError("--add-special-tokens excludes --count and --limit")
    }
    if count, format == .u16 || format == .u32 {
      throw ValidationError("--count writes text, json or jsonl")
    }
  }

  func run() throws {
    let console = common.start()
    let corpus = try documents.corpus(files.isEmpty ? ["-"] : files, keepsEmptyDocuments: true)
    var tokenizer = try source.read()
    if let dropout { tokenizer = try tokenizer.withDropout(dropout) }
    for part in addSpecialTokens ? [] : tokenizer.unappliedParts {
      console.say("note: the tokenizer's \(part.rawValue) is not applied")
    }
    let format = common.json ? .json : format ?? .text
    try format.checkRoom(for: tokenizer, addsSpecialTokens: addSpecialTokens)
    let job = EncodingJob(
      tokenizer: tokenizer, special: special, seed: seed.seed, limit: limit,
      addsSpecialTokens: addSpecialTokens, onlyCounts: count)
    let isExceeded = try job.run(corpus, TokenWriter(format: format), console)
    console.finishProgress()
    if count, isExceeded { throw ExitCode(ExitStatus.checkFailed.rawValue) }
  }
}
