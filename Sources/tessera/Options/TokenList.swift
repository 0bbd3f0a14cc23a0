import TesseraBasics
import TesseraTokenizers

// A file of tokens: one a line, as text, or as a JSON string in quotes, for line feeds and what should
// not be at the end of a line unseen. Blank lines are left out.

/// Files that list tokens.
enum TokenList {
  /// The largest file that is read.
  private static let sizeLimit = 1 << 26

  /// The IDs of the tokens in a file.
  ///
  /// - Throws: `FileError`; ``CommandError/unknownToken(file:line:token:)``.
  static func ids(in path: String, _ tokenizer: Tokenizer) throws -> Set<TokenID> {
    var ids = Set<TokenID>()
    let lines = try readFile(path, limit: sizeLimit)
      .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      var bytes = Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      if bytes.isEmpty { continue }
      if bytes.first == UInt8(ascii: "\""), let text = try? JSONValue(parsing: bytes).string {
        bytes = Array(text.utf8)
      }
      let added = tokenizer.addedTokens.first { Array($0.content.utf8) == bytes }
      guard let id = added?.id ?? tokenizer.tokens.id(of: bytes) else {
        throw CommandError.unknownToken(
          file: path, line: index + 1, token: String(decoding: bytes, as: UTF8.self))
      }
      ids.insert(id)
    }
    return ids
  }
}
