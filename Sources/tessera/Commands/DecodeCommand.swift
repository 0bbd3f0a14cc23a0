import ArgumentParser
import Foundation  // standard input
import TesseraBasics
import TesseraTokenizers

/// `tessera decode --tokenizer PATH [FILE…]`: token IDs to text.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Turn token IDs into text.",
    discussion: """
      Reads what encode writes, and writes the bytes that the tokens stand for to standard output, \
      one document after another; with --lines there is a line feed after each.

      Example: echo "One fine day" | tessera encode --tokenizer models/base-en \
      | tessera decode --tokenizer models/base-en
      """)

  @Option(help: "A folder with tokenizer.json, a tokenizer.json, or a rank file (.tiktoken).")
  var tokenizer: String

  @Option(help: "How text is split, for a rank file that does not say it.")
  var pattern: PreTokenizerPattern?

  @Option(help: "How IDs are written.")
  var format = TokenFormat.text

  @Flag(help: "Write a line feed after each document.")
  var lines = false

  @Flag(help: "Leave special tokens out.")
  var skipSpecial = false

  @Argument(help: "Files of IDs, - is standard input. (default: -)", completion: .file())
  var files: [String] = []

  @OptionGroup var common: CommonOptions

  /// The largest file of IDs that is read, in bytes.
  private static let sizeLimit = 1 << 36

  func run() throws {
    _ = common.start()
    // The pattern does not matter for decoding, so any will do for a rank file.
    let isRankFile = tokenizer.hasSuffix(".tiktoken")
    let tokenizer = try Tokenizer(
      contentsOf: tokenizer, pattern: pattern ?? (isRankFile ? PreTokenizerPattern.none : nil))
    let format = common.json ? .json : format
    for file in files.isEmpty ? ["-"] : files {
      let bytes =
        file == "-"
        ? [UInt8](FileHandle.standardInput.readDataToEndOfFile())
        : try readFile(file, limit: Self.sizeLimit)
      for ids in try format.documents(in: bytes, path: file) {
        var text = try tokenizer.decode(ids, skipsSpecial: skipSpecial)
        if lines { text.append(UInt8(ascii: "\n")) }
        try FileHandle.standardOutput.write(contentsOf: text)
      }
    }
  }
}
