import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// `tessera convert --from PATH --to FORMAT --output PATH`: writes a tokenizer in another format.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a tokenizer in another format.",
    discussion: """
      Reads a folder or file of any format: tokenizer.json, a rank file (.tiktoken), vocab.json with \
      merges.txt, a SentencePiece BPE model, tekken.json, or tokenizer.tessera. The format is \
      recognized by what the file holds.

      --to huggingface makes a folder with tokenizer.json and tokenizer_config.json; --to tiktoken \
      one with tokenizer.tiktoken and tokenizer.tiktoken.json, the arguments of tiktoken.Encoding; \
      --to vocab-merges one with vocab.json, merges.txt and tokenizer_config.json; --to compiled \
      makes one file, by custom tokenizer.tessera, which is loaded in milliseconds.

      What is written gives the same IDs. A part of a tokenizer that the format cannot express is \
      refused by its name. What was written is read again, and the tokens of every token's text are \
      compared. Faults of the tokenizer itself, such as tokens that no text gives, are warnings; \
      tessera inspect lists them. --dry-run does all of this and leaves no output.

      The output may be in the source's folder: no file that the tokenizer is read from is replaced.

      Example:
        tessera convert --from models/base-en --to compiled --output base-en.tessera
      """)

  @Option(help: "The tokenizer: a folder or a file.", completion: .file())
  var from: String

  @Option(
    help: "How text is split, for a rank file or a vocab.json that does not say it.",
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  @Option(help: "The format: huggingface, tiktoken, vocab-merges, compiled.")
  var to: TargetFormat

  @Option(
    name: [.customShort("o"), .long], help: "The folder to make; with --to compiled, the file.",
    completion: .file())
  var output: String

  @Flag(help: "Convert and check, and leave no output.")
  var dryRun = false

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if output.isEmpty || output == "-" {
      throw ValidationError("--output must name a folder or a file, not \"\(output)\"")
    }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    // Not the folder: the output may be beside them.
    let sources = try Tokenizer.sources(at: from)
    if to == .compiled {
      try OutputDirectory.checkInputs(sources, of: output)
      if Path.isDirectory(output) { throw FileError.notReplaceable(path: output) }
      if Path.exists(output) {
        if !force { throw FileError.exists(path: output) }
        if try !Tokenizer.isCompiled(at: output) { throw FileError.notOutput(path: output) }
      }
    } else {
      try OutputDirectory.check(path: output, force: force, inputs: sources)
    }
    let tokenizer = try console.during("reading") {
      try Tokenizer(contentsOf: from, pattern: pattern)
    }
    let faults = try console.during("auditing") { try tokenizer.audit().filter(\.isFailure) }
    for fault in faults {
      let example = fault.findings.first.map { ", for example \($0.description)" } ?? ""
      console.warn("\(fault.name): \(groupDigits(fault.findingCount))\(example)")
    }
    if to == .tiktoken || to == .vocabularyAndMerges {
      for part in tokenizer.unappliedParts {
        console.warn("the \(part.rawValue) is not in the new files: the format has none")
      }
    }
    try Interrupted.check()
    let files = try console.during("converting") { try tokenizer.files(in: to.format) }
    try console.during(dryRun ? "checking" : "writing") {
      if to == .compiled {
        try write(files[0].bytes, of: tokenizer)
      } else {
        try write(files, of: tokenizer, inputs: sources)
      }
    }
    try report(tokenizer, files.map(\.name), faults, console)
  }

  /// Writes one file, which takes its name once it has been read again.
  private func write(_ bytes: [UInt8], of tokenizer: Tokenizer) throws {
    var file = try AtomicFile(path: output, overwrite: force)
    try file.write(bytes)
    try tokenizer.checkAgreement(with: Tokenizer(contentsOf: file.readablePath()))
    try Interrupted.check()
    if !dryRun { try file.commit() }
  }

  /// Makes a folder, which takes its name once its files have been read again.
  private func write(
    _ files: [(name: String, bytes: [UInt8])], of tokenizer: Tokenizer, inputs: [String]
  ) throws {
    let directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    for file in files {
      try writeFile(Path.join(directory.stagingPath, file.name), file.bytes)
    }
    try tokenizer.checkAgreement(with: Tokenizer(contentsOf: directory.stagingPath))
    let record: JSONValue = [
      "format": "tessera-conversion-1", "tool": JSONValue("tessera \(Tessera.version)"),
      "to": .string(to.rawValue), "files": .array(files.map { .string($0.name) }),
    ]
    try writeFile(
      Path.join(directory.stagingPath, "conversion.json"), record.serialized(pretty: true) + [0x0A])
    try RunConfiguration.current.write(to: directory.stagingPath)
    try Interrupted.check()
    if !dryRun { try directory.commit() }
  }

  private func report(
    _ tokenizer: Tokenizer, _ files: [String], _ faults: [AuditResult], _ console: Console
  ) throws {
    if common.json {
      var counts = JSONObject()
      for fault in faults { counts[fault.name] = JSONValue(fault.findingCount) }
      return try console.printJSON([
        "output": dryRun ? .null : JSONValue(output), "format": .string(to.rawValue),
        "files": .array(files.map(JSONValue.string)),
        "vocabulary_size": JSONValue(tokenizer.vocabularySize),
        "added_tokens": JSONValue(tokenizer.addedTokens.count), "faults": .object(counts),
      ])
    }
    console.say(
      "\(output): \(groupDigits(tokenizer.vocabularySize)) IDs as \(to.rawValue), the same tokens for "
        + "the text of each" + (dryRun ? "; not written" : ""))
  }
}

/// The formats that are written.
enum TargetFormat: String, CaseIterable, ExpressibleByArgument {
  case huggingface, tiktoken
  case vocabularyAndMerges = "vocab-merges"
  case compiled

  /// The library's name.
  var format: TokenizerFormat {
    switch self {
    case .huggingface: .huggingFace
    case .tiktoken: .tiktoken
    case .vocabularyAndMerges: .vocabularyAndMerges
    case .compiled: .compiled
    }
  }
}
