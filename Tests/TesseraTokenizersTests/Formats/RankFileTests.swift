import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct RankFileTests {
  /// Lines for the 256 bytes, ranks from 0.
  private static let byteLines: [String] = {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return (0..<256).map { byte in
      "\(alphabet[byte >> 2])\(alphabet[(byte & 3) << 4])== \(byte)"
    }
  }()

  private func tokenizer(_ lines: [String], pattern: PreTokenizerPattern? = .gpt2) throws
    -> Tokenizer
  {
    let directory = try TemporaryDirectory()
    let path = try directory.write("small.tiktoken", lines.joined(separator: "\n"))
    return try Tokenizer(contentsOf: path, pattern: pattern)
  }

  @Test func `reads tokens and ranks, with and without line ends`() throws {
    let tokenizer = try tokenizer(Self.byteLines + ["YWI= 300", ""])
    #expect(tokenizer.tokens.count == 257)
    #expect(try tokenizer.encode("abab") == [300, 300])
    #expect(tokenizer.vocabularySize == 301)
    #expect(throws: TokenizerError.unknownToken(280, vocabularySize: 301)) {
      try tokenizer.decode([280])
    }
  }

  @Test func `asks for the pattern that the file does not name`() throws {
    #expect {
      try tokenizer(Self.byteLines, pattern: nil)
    } throws: { error in
      if case .missingPattern = error as? TokenizerError { true } else { false }
    }
  }

  @Test(arguments: [
    ("YWI=", "a token, a space and a rank"), ("YWI 300", "a token in base64"),
    ("Y?I= 300", "a token in base64"), ("YWJ= 300", "a token in base64"),
    ("YWI= ", "a rank after the token"), ("YWI= -1", "a rank after the token"),
    ("YWI= 3x", "a rank after the token"), (" 300", "a token in base64"),
    ("YWI= 9999999999999999999999", "a rank after the token"),
  ])
  func `says which line is malformed`(line: String, expected: String) throws {
    #expect {
      try tokenizer(Self.byteLines + [line])
    } throws: { error in
      if case .malformedLine(_, 257, expected) = error as? TokenizerError { true } else { false }
    }
  }

  @Test func `refuses repeated tokens, repeated and huge ranks, and missing bytes`() throws {
    #expect(throws: TokenizerError.duplicateToken("a", first: 97, second: 300)) {
      try tokenizer(Self.byteLines + ["YQ== 300"])
    }
    #expect(throws: TokenizerError.duplicateID(97, first: "a", second: "ab")) {
      try tokenizer(Self.byteLines + ["YWI= 97"])
    }
    #expect(throws: TokenizerError.idTooLarge(1 << 24, limit: 1 << 24 - 1)) {
      try tokenizer(Self.byteLines + ["YWI= 16777216"])
    }
    #expect(throws: TokenizerError.missingByte(255)) { try tokenizer(Self.byteLines.dropLast()) }
  }
}
