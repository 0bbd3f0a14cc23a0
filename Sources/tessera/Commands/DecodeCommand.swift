import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// `tessera decode --tokenizer PATH [FILE…]`: token IDs to text.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Turn token IDs into text.",
    discussion: """
      Reads what encode writes, and writes the bytes that the tokens stand for to standard output, \
      one document after another; with --lines there is a line feed after each. With --json the \
      result is one object with the text of each document, in which bytes that are no UTF-8 become \
      U+FFFD.

      Example:
        echo "One fine day" | tessera encode --tokenizer models/base-en |
          tessera decode --tokenizer models/base-en
      """)

  @OptionGroup var source: TokenizerOptions

  @Option(help: "How IDs are written.")
  var format = TokenFormat.text

  @Flag(help: "Write a line feed after each document.")
  var lines = false

  @Flag(help: "Leave special tokens out.")
  var skipSpecial = false

  @Argument(
    help: "Files of IDs; .gz and .zst are read as such, - is standard input. (default: -)",
    completion: .file())
  var files: [String] = []

  @OptionGroup var common: CommonOptions

  /// The largest file of IDs that is read, in bytes.
  private static let sizeLimit = 1 << 36

  mutating func validate() throws {
    if lines && common.json { throw ValidationError("--lines and --json exclude each other") }
  }

  func run() throws {
    let console = common.start()
    let tokenizer = try source.readForDecoding()
    var documents: [JSONValue] = []
    for file in files.isEmpty ? ["-"] : files {
      let bytes = try Self.content(of: file)
      for (index, ids) in try format.documents(in: bytes, path: file).enumerated() {
        // Text has a document in each line; the other formats have no lines that a reader counts.
        let line = format == .text ? index + 1 : nil
        var text: [UInt8]
        do {
          if common.json {
            let text = try tokenizer.decodeText(ids, skipsSpecial: skipSpecial)
            documents.append(["text": .string(text)])
            continue
          }
          text = try tokenizer.decode(ids, skipsSpecial: skipSpecial)
        } catch {
          throw error.located(in: file, line: line)
        }
        if lines { text.append(UInt8(ascii: "\n")) }
        try StandardStreams.writeToOutput(text)
      }
    }
    if common.json { try console.printJSON(["documents": .array(documents)]) }
  }

  /// The content of a file, decompressed. Not by way of a corpus, which is text.
  private static func content(of path: String) throws -> [UInt8] {
    var stream = try ByteStream(path: path)
    var bytes: [UInt8] = []
    while try stream.read(into: &bytes, count: 1 << 20) > 0 {
      if bytes.count > sizeLimit {
        throw CompressionError.contentTooLarge(path: path, limit: sizeLimit)
      }
    }
    return bytes
  }
}
