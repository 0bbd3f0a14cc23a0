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
      guard decodeBase64(text[..<space], to: &token) else {
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

  /// The rank file of a vocabulary, some tokens left out.
  static func bytes(of tokens: TokenTable, without omitted: Set<TokenID>) -> [UInt8] {
    var output: [UInt8] = []
    for id in 0..<TokenID(tokens.idBound) {
      // Tokens that no text gives have no place among ranks.
      guard let bytes = tokens.bytes(of: id), tokens.id(of: bytes) == id, !omitted.contains(id)
      else { continue }
      appendBase64(bytes, to: &output)
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

  // MARK: Base64

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var result = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { result[Int(character)] = UInt8(value) }
    return result
  }()

  /// Decodes padded base64; false if it is not that.
  private static func decodeBase64(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) -> Bool {
    guard text.count % 4 == 0, !text.isEmpty else { return false }
    var digits = text
    while digits.last == UInt8(ascii: "="), text.count - digits.count < 2 {
      digits = digits.dropLast()
    }
    var bits: UInt32 = 0
    var bitCount = 0
    for character in digits {
      let value = values[Int(character)]
      if value == 255 { return false }
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        bits &= 1 << UInt32(bitCount) - 1
      }
    }
    // Bits of the last character beyond the last byte are zero.
    return bits == 0
  }

  private static func appendBase64(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let count = min(3, bytes.endIndex - index)
      var bits: UInt32 = 0
      for offset in 0..<3 {
        bits = bits << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0)
      }
      for digit in 0..<4 {
        let value = bits >> UInt32(18 - 6 * digit) & 63
        output.append(digit <= count ? alphabet[Int(value)] : UInt8(ascii: "="))
      }
      index += count
    }
  }
}
