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
    let long = String(repeating: "YWFh", count: TokenTable.maximumTokenSize / 3 + 1)
    let size = TokenTable.maximumTokenSize / 3 * 3 + 3
    let cases: [([String], Int?, TokenizerError)] = [
      (Self.byteLines + ["YQ== 300"], 257, .duplicateToken("a", first: 97, second: 300)),
      (Self.byteLines + ["", "YWI= 97"], 258, .duplicateID(97, first: "a", second: "ab")),
      (Self.byteLines + ["YWI= 16777216"], 257, .idTooLarge(1 << 24, limit: 1 << 24 - 2)),
      (
        [long + " 300"] + Self.byteLines, 1,
        .tokenTooLong(300, size: size, limit: TokenTable.maximumTokenSize)
      ),
      (Self.byteLines.dropLast(), nil, .missingByte(255)),
    ]
    for (lines, line, error) in cases {
      let directory = try TemporaryDirectory()
      let path = try directory.write("small.tiktoken", lines.joined(separator: "\n"))
      #expect(throws: TokenizerError.inFile(path: path, line: line, error)) {
        try Tokenizer(contentsOf: path, pattern: .gpt2)
      }
    }
  }

  @Test func `adds the special tokens of a published file, unless others have their IDs`() throws {
    let directory = try TemporaryDirectory()
    func read(_ line: String) throws -> Tokenizer {
      let lines = Self.byteLines + [line]
      let path = try directory.write("r50k_base.tiktoken", lines.joined(separator: "\n"))
      return try Tokenizer(contentsOf: path)
    }
    #expect(try read("YWI= 300").addedTokens == [AddedToken("<|endoftext|>", id: 50256)])
    // The file itself may name it.
    #expect(try read("PHxlbmRvZnRleHR8Pg== 50256").addedTokens.map(\.id) == [50256])
    let error = #expect(throws: TokenizerError.self) { try read("YWI= 50256") }
    #expect(error?.cause == .duplicateID(50256, first: "ab", second: "<|endoftext|>"))
  }
}
