internal import TesseraBasics

// tiktoken's rank files: a line for each token, its bytes in base64, a space, and its rank, which
// is its ID. Special tokens and the pattern are not in the file.

/// Reads and writes rank files.
enum RankFile {
  /// The largest file that is read.
  static let sizeLimit = 1 << 28

  /// The tokens of a rank file.
  ///
  /// - Throws: ``TokenizerError/malformedLine(path:line:expected:)``, and with the line what
  ///   ``TokenTable`` throws for repeated tokens and ranks.
  static func tokens(from bytes: [UInt8], path: String) throws(TokenizerError) -> TokenTable {
    var tokens = TokenTable()
    tokens.reserveCapacity(bytes.count / 16, bytes: bytes.count / 2)
    var token: [UInt8] = []
    var line = 0
    var start = 0
    while start < bytes.count {
      line += 1
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      var text = bytes[start..<end]
      start = end + 1
      if text.last == UInt8(ascii: "\r") { text = text.dropLast() }
      if text.isEmpty { continue }
      guard let space = text.firstIndex(of: UInt8(ascii: " ")) else {
        throw .malformedLine(path: path, line: line, expected: "a token, a space and a rank")
      }
      token.removeAll(keepingCapacity: true)
      guard Base64.decode(text[..<space], to: &token) else {
        throw .malformedLine(path: path, line: line, expected: "a token in base64")
      }
      guard let rank = decimal(text[(space + 1)...]) else {
        throw .malformedLine(path: path, line: line, expected: "a rank after the token")
      }
      do throws(TokenizerError) {
        guard rank <= Int(TokenTable.maximumID) else {
          throw .idTooLarge(rank, limit: Int(TokenTable.maximumID))
        }
        try tokens.insert(token.span, id: TokenID(rank))
      } catch {
        throw error.located(in: path, line: line)
      }
    }
    return tokens
  }

  /// Whether the beginning of a file is a token, a space and a rank.
  static func isLikely(_ sample: [UInt8]) -> Bool {
    guard let end = sample.firstIndex(of: UInt8(ascii: "\n")) else { return false }
    let line = sample[..<end].last == UInt8(ascii: "\r") ? sample[..<(end - 1)] : sample[..<end]
    guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return false }
    var token: [UInt8] = []
    return Base64.decode(line[..<space], to: &token) && decimal(line[(space + 1)...]) != nil
  }

  /// The rank file of a vocabulary, some tokens left out.
  static func bytes(of tokens: TokenTable, without omitted: Set<TokenID>) -> [UInt8] {
    var output: [UInt8] = []
    for id in 0..<TokenID(tokens.idBound) {
      // Tokens that no text gives have no place among ranks.
      guard let bytes = tokens.bytes(of: id), tokens.id(of: bytes) == id, !omitted.contains(id)
      else { continue }
      Base64.append(bytes, to: &output)
      output.append(UInt8(ascii: " "))
      output += String(id).utf8
      output.append(UInt8(ascii: "\n"))
    }
    return output
  }

  private static func decimal(_ text: ArraySlice<UInt8>) -> Int? {
    guard !text.isEmpty, text.count <= 18 else { return nil }
    var value = 0
    for byte in text {
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }
}
