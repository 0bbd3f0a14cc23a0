import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraModels
import TesseraTensors
import TesseraTokenizers

/// `tessera logits --model DIR FILE`: the model's logits at every position, as a NumPy file.
struct LogitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits",
    abstract: "Write a model's logits for a text, to compare with other implementations.",
    discussion: """
      The file is a NumPy array of 32-bit floats with the shape [tokens, vocabulary]. Row t holds \
      the logits of the token after the first t + 1 tokens; of an encoder, those of token t itself, which \
      it sees.

      Example:
        tessera logits --model models/base-en --output logits.npy \\
          corpora-samples/en/nature-farming.txt
      """)

  @Option(help: "The model directory.", completion: .directory)
  var model: String

  @Option(name: [.customShort("o"), .long], help: "The .npy file to write, - for standard output.")
  var output: String

  @Option(help: "Take this many tokens from the start of the text.")
  var maximumTokens = 256

  @Flag(help: "Replace the output if it exists.")
  var force = false

  @Argument(
    help: """
      A text in UTF-8; .jsonl (its first document), .gz and .zst are read as such, - is standard \
      input.
      """,
    completion: .file())
  var file: String

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if common.json && output == "-" {
      throw ValidationError("--json and --output - both take standard output")
    }
    try checkRange("--maximum-tokens", maximumTokens, 1...tokenCountLimit)
  }

  /// How much of a text is read, in bytes: no context holds more.
  private static let textSizeLimit = 64 << 20

  func run() throws {
    let console = common.start()
    if output != "-" {
      if !force, Path.exists(output) { throw FileError.exists(path: output) }
      try OutputDirectory.checkInputs([file, model], of: output)
    }
    let corpus = try Corpus(paths: [file])
    console.warnIfUnfinished(model)
    let tokenizer = try Tokenizer(contentsOf: model)
    let transformer = try console.during("loading \(model)") { try Transformer(checkpoint: model) }
    var reader = corpus.makeReader()
    let text = try reader.nextPiece(sizeLimit: Self.textSizeLimit)?.bytes ?? []
    let limit = min(maximumTokens, transformer.configuration.contextLength)
    let tokens = try tokenizer.encode(text).prefix(limit).map { Int32($0) }
    guard !tokens.isEmpty else { throw CommandError.emptyText(file: file) }
    let logits = console.during("computing logits") { transformer.logits(for: tokens) }
    let header = npyHeader(shape: [tokens.count, logits.count / tokens.count])
    if output == "-" {
      try StandardStreams.writeToOutput(header + ElementType.f32.bytes(of: logits))
      return
    }
    var npy = try AtomicFile(path: output, overwrite: force)
    try npy.write(header)
    try npy.write(ElementType.f32.bytes(of: logits))
    try npy.commit()
    if common.json {
      try console.printJSON(
        ["tokens": .init(tokens.count), "vocabulary_size": .init(logits.count / tokens.count)])
    } else {
      console.say("wrote \(tokens.count) x \(logits.count / tokens.count) logits to \(output)")
    }
  }
}

/// The header of a NumPy file, version 1.0, of 32-bit little-endian floats in row-major order.
///
/// | offset | size | content |
/// | --- | --- | --- |
/// | 0 | 8 | 0x93, `NUMPY`, version 1, 0 |
/// | 8 | 2 | size of the rest of the header, little-endian |
/// | 10 | | a Python dictionary, spaces, a line feed; ends at a multiple of 64 |
func npyHeader(shape: [Int]) -> [UInt8] {
  let sizes = shape.map { "\($0)," }.joined(separator: " ")
  var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
  while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
  text += "\n"
  var header = [0x93] + Array("NUMPY".utf8) + [1, 0]
  header.append(littleEndian: UInt16(text.utf8.count))
  return header + text.utf8
}
