import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraTraining

/// `tessera shard --tokenizer DIR CORPUS… --output DIR`: files of tokens that training programs read.
struct ShardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shard",
    abstract: "Make a corpus into files of tokens for training.",
    discussion: """
      Encodes a corpus of any size in bounded memory, on all workers, and leaves a folder of shards with \
      shards.json (what they hold, with hashes) and configuration.yaml. The same corpus gives the same \
      bytes, for any number of threads; the folder is there, complete, or not at all.

      --format tessera is what `tessera pretrain --corpus` reads without holding it in memory; megatron is \
      for Megatron-LM, NeMo and GPT-NeoX (.bin with .idx), llmc for llm.c and modded-nanogpt (.bin; with \
      --token-bytes 4 its variant for Llama 3), nanotron for nanotron and datatrove (.ds), raw for \
      torchtitan (tokens.bin with document_offsets.npy). An end-of-text token stands behind each document, \
      in front of it for llmc. A document is held out by its hash: --held-out documents go to shards of \
      their own.

      --verify PATH looks at all that shards hold instead: sizes, numbers, checksums, and every token. PATH \
      is a folder that this verb made, or any program's folder or file in one of the formats. With the \
      corpus and --tokenizer, documents are decoded and compared. The exit status is 1 if anything is \
      wrong.

      Examples:
        tessera shard --tokenizer models/base-en corpora-samples/en --paragraphs --output shards-en
        tessera shard --verify shards-en --tokenizer models/base-en corpora-samples/en
      """)

  @Argument(
    help:
      "Text files or folders of them; .jsonl, .gz and .zst are read as such, - is standard input.",
    completion: .file())
  var corpus: [String] = []

  @Option(help: "The tokenizer's folder or file.", completion: .file())
  var tokenizer: String?

  @Option(
    help: "How text is split, for a rank file or a vocab.json that does not say it.",
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var layout: ShardLayoutOptions

  @Option(
    name: [.customShort("o"), .long], help: "The folder to make.", completion: .directory)
  var output: String?

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  @Option(help: "Check shards that are there: a folder, or a file.", completion: .file())
  var verify: String?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if verify == nil {
      if corpus.isEmpty { throw ValidationError("name a corpus, or --verify shards") }
      if tokenizer == nil { throw ValidationError("--tokenizer is missing") }
      guard let output else { throw ValidationError("--output is missing") }
      return try OutputOptions.checkFolder(output)
    }
    if output != nil || force {
      throw ValidationError("--verify makes nothing: leave out --output and --force")
    }
    if layout.format != nil || layout.shardTokens != nil || layout.heldOut != nil {
      throw ValidationError(
        "--verify finds out by itself what shards are; leave out --format, --shard-tokens and "
          + "--held-out")
    }
    guard !corpus.isEmpty else { return }
    if tokenizer == nil {
      throw ValidationError("--verify with a corpus needs --tokenizer to decode with")
    }
    if let option = documents.givenOption {
      throw ValidationError("\(ShardSet.recordName) says what a document is; leave out \(option)")
    }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    if let verify {
      try check(verify, console)
    } else if let tokenizer, let output {
      try write(tokenizer, output, console)
    }
  }

  // MARK: Writing

  private func write(_ path: String, _ output: String, _ console: Console) throws {
    let inputs = corpus + [path]
    try OutputDirectory.check(path: output, force: force, inputs: inputs)
    let corpus = try documents.corpus(corpus)
    let tokenizer = try Tokenizer(contentsOf: path, pattern: pattern)
    if tokenizer.endOfText == nil { throw CommandError.noEndOfText(tokenizer: path) }
    let name = Path.lastComponent(of: Path.destination(path))
    let sharding = try Sharding(
      tokenizer: tokenizer, name: path, options: layout.options(tokenizerName: name))
    let directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    let set = try sharding.write(
      corpus, to: directory.stagingPath, progress: console.progress)
    try RunConfiguration.current.write(to: directory.stagingPath)
    try Interrupted.check()
    try directory.commit()
    console.finishProgress()
    if common.json {
      try console.printJSON(set.record)
    } else {
      show(set, output, console)
    }
  }

  private func show(_ set: ShardSet, _ output: String, _ console: Console) {
    var lines: [String] = []
    for part in ShardPart.allCases where !set.shards(of: part).isEmpty {
      let shards = set.shards(of: part)
      lines.append(
        "\(part.rawValue): \(groupDigits(set.documentCount(of: part))) documents, "
          + "\(groupDigits(set.tokenCount(of: part))) tokens, "
          + "\(formatAmount(Double(set.byteCount(of: part)), unit: "B")) of text, "
          + "\(groupDigits(shards.count)) \(shards.count == 1 ? "shard" : "shards"), "
          + "the first \(Path.join(output, shards[0].name))")
    }
    let tokens = set.tokenCount(of: .training) - set.documentCount(of: .training)
    let ratio = Double(set.byteCount(of: .training)) / Double(max(1, tokens))
    lines.append(
      "\(set.layout.format.rawValue), \(set.layout.bytesPerToken) bytes a token, "
        + "\(fixed(ratio, 2)) bytes of text a token")
    lines.append("next: tessera shard --verify \(output)")
    console.say(lines.joined(separator: "\n"))
  }

  // MARK: Verifying

  private func check(_ path: String, _ console: Console) throws {
    let corpus = try self.corpus.isEmpty ? nil : recordedCorpus(of: path)
    let tokenizer = try self.tokenizer.map { try Tokenizer(contentsOf: $0, pattern: pattern) }
    let verification = try ShardVerification(
      of: path, tokenizer: tokenizer, corpus: corpus, bytesPerToken: layout.tokenBytes ?? 4,
      progress: console.progress)
    console.finishProgress()
    if common.json {
      try console.printJSON(verification.record)
    }
    for fault in verification.faults { console.warn(fault) }
    guard verification.faults.isEmpty else {
      throw ExitCode(ExitStatus.checkFailed.rawValue)
    }
    if common.json { return }
    let count = verification.shardNames.count
    var text =
      "\(path): \(groupDigits(count)) \(count == 1 ? "shard" : "shards"), "
      + "\(groupDigits(verification.documentCount)) documents, "
      + "\(groupDigits(verification.tokenCount)) tokens, no fault"
    if corpus != nil {
      text += "; \(verification.comparedDocumentCount) documents decode to those of the corpus"
    }
    console.say(text)
  }

  /// The corpus, read as the record of shards says.
  private func recordedCorpus(of path: String) throws -> Corpus {
    guard ShardSet.isFolder(path) else {
      throw UsageError(
        "a corpus is compared with a folder that has \(ShardSet.recordName), and \(path) has none")
    }
    let set = try ShardSet(folder: path)
    return try Corpus(
      paths: corpus,
      options: CorpusOptions(textField: set.textField, documents: set.documents))
  }
}
