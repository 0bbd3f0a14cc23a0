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
      text: each text for itself).

      Example:
        echo "One fine day" | tessera encode --tokenizer models/base-en
      """)

  @OptionGroup var source: TokenizerOptions

  @Option(help: "How IDs are written. (default: text)")
  var format: TokenFormat?

  @Option(help: "What becomes of text that spells a special token.")
  var special = SpecialTokenPolicy.none

  @Flag(help: "Add what the tokenizer's file adds around texts, truncate and pad.")
  var addSpecialTokens = false

  @Option(help: "Leave merges out with this probability, from 0 to 1. (default: the file's)")
  var dropout: Double?

  @OptionGroup var seed: SeedOption

  @Argument(
    help: "Text files; .jsonl, .gz and .zst are read as such, - is standard input. (default: -)",
    completion: .file())
  var files: [String] = []

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var common: CommonOptions

  /// How many bytes of documents are encoded at once.
  private static let batchSize = 16 << 20

  mutating func validate() throws {
    if common.json, let format, format != .json {
      throw ValidationError("--json writes one object, and --format \(format.rawValue) does not")
    }
    if let dropout, !(0...1).contains(dropout) {
      throw ValidationError("--dropout is a probability from 0 to 1, not \(dropout)")
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
    var writer = TokenWriter(format: format)
    var reader = corpus.makeReader()
    var batch: [[UInt8]] = []
    var size = 0
    var documentCount: UInt64 = 0
    var isDone = false
    while !isDone {
      if let document = try reader.next() {
        batch.append(document.bytes)
        size += document.bytes.count
      } else {
        isDone = true
      }
      guard isDone || size >= Self.batchSize else { continue }
      // Each document has a seed of its own, wherever batches end.
      let batchSeed = seed.seed &+ documentCount
      for ids in try encode(batch, with: tokenizer, seed: batchSeed) { writer.append(ids) }
      documentCount += UInt64(batch.count)
      writer.byteCount += size
      console.progress(
        ProgressUpdate(
          phase: "Encoding", completed: reader.bytesRead, total: corpus.byteCount, unit: "B"))
      batch.removeAll(keepingCapacity: true)
      size = 0
      try writer.flush()
    }
    console.finishProgress()
    try writer.finish()
  }

  private func encode(
    _ batch: [[UInt8]], with tokenizer: Tokenizer, seed: UInt64
  ) throws -> [[TokenID]] {
    guard addSpecialTokens else {
      return try tokenizer.encodeDocuments(batch, special: special, seed: seed)
    }
    return try parallelMap(batch.count) { index throws(TokenizerError) in
      try tokenizer.encoding(of: batch[index], special: special, seed: seed &+ UInt64(index)).ids
    }
  }
}
