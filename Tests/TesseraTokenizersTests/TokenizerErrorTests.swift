import TesseraTokenizers
import Testing

@Suite struct TokenizerErrorTests {
  @Test func `names the file, and the line if there is one`() {
    let error = TokenizerError.duplicateToken("a", first: 1, second: 2)
    #expect(
      error.located(in: "x.tiktoken", line: 7).description
        == "x.tiktoken, line 7: the token \"a\" has two IDs, 1 and 2")
    let inFile = error.located(in: "x.json")
    #expect(inFile.description == "x.json: the token \"a\" has two IDs, 1 and 2")
    // The innermost place says most.
    #expect(inFile.located(in: "y.json", line: 3) == inFile)
    #expect(inFile.cause == error && error.cause == error)
    let missing = TokenizerError.missingPattern(path: "x.tiktoken")
    #expect(missing.located(in: "y") == missing)
  }

  @Test func `lets a caller say where an unknown ID stands`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    let error = #expect(throws: TokenizerError.self) {
      do throws(TokenizerError) {
        _ = try tokenizer.decode([9_999])
      } catch {
        throw error.located(in: "ids.txt", line: 3)
      }
    }
    #expect(
      error?.description == "ids.txt, line 3: there is no token 9999 in a vocabulary of 601")
  }

  @Test func `stays one line, and short, whatever the token`() {
    let long = String(repeating: "line\n\u{2028}\u{7}\u{202E}", count: 10_000)
    let errors: [TokenizerError] = [
      .duplicateToken(long, first: 1, second: 2), .duplicateID(3, first: long, second: long),
      .mergeOutOfVocabulary(rank: 1, token: long), .negativeID(-1, token: long),
      .addedTokenMoved(long, stated: 1, assigned: 2), .specialTokenInText(long, offset: nil),
      .unsupported(part: "pattern", name: long, advice: "known are others"),
    ]
    for error in errors {
      let text = error.description
      #expect(!text.unicodeScalars.contains { $0.value < 32 || $0 == "\u{2028}" })
      #expect(text.utf8.count < 400, "\(text)")
      #expect(text.contains(#"line\n\u{2028}\u{07}\u{202E}"#), "\(text)")
      #expect(text.contains("…"))
    }
  }

  @Test func `shortens between characters`() {
    #expect("नदी".shortened() == "नदी")
    #expect("नदी".shortened(to: 8) == "नद…")
    #expect("a\tb".shortened() == #"a\tb"#)
    #expect("a\tb".shortened(to: 2) == "a…")
  }
}
