import ArgumentParser
import TesseraBasics
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
      the logits of the token after the first t + 1 tokens.

      Example: tessera logits --model models/base-en --output logits.npy corpora-samples/en/nature.txt
      """)

  @Option(help: "The model directory.", completion: .directory)
  var model: String

  @Option(name: [.customShort("o"), .long], help: "The .npy file to write.")
  var output: String

  @Option(help: "Take this many tokens from the start of the text.")
  var maximumTokens = 256

  @Flag(help: "Replace the output if it exists.")
  var force = false

  @Argument(help: "A text in UTF-8.", completion: .file())
  var file: String

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if maximumTokens < 1 { throw ValidationError("--maximum-tokens must be at least 1") }
  }

  /// Largest text that is read, in bytes.
  private static let textSizeLimit = 1 << 30

  func run() throws {
    let console = common.start()
    let tokenizer = try Tokenizer(contentsOf: model)
    let transformer = try Transformer(checkpoint: model)
    let text = try readFile(file, limit: Self.textSizeLimit)
    let limit = min(maximumTokens, transformer.configuration.contextLength)
    let tokens = try tokenizer.encode(text).prefix(limit).map { Int32($0) }
    guard !tokens.isEmpty else { throw CommandError.emptyText(file: file) }
    let logits = transformer.logits(for: tokens)
    var npy = try AtomicFile(path: output, overwrite: force)
    try npy.write(npyHeader(shape: [tokens.count, logits.count / tokens.count]))
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
  let size = UInt16(text.utf8.count)
  return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(size & 0xFF), UInt8(size >> 8)]
    + Array(text.utf8)
}
