import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct PreTokenizerPatternTests {
  @Test func `knows its own spellings and compiles others`() throws {
    for pattern in PreTokenizerPattern.named {
      #expect(PreTokenizerPattern(rawValue: pattern.rawValue) == pattern)
      guard let expression = pattern.huggingFaceExpression else { continue }
      #expect(try PreTokenizerPattern(huggingFaceExpression: expression) == pattern)
      #expect(PreTokenizerPattern(rawValue: expression) == pattern)
    }
    let other = try PreTokenizerPattern(huggingFaceExpression: #"\w+"#)
    #expect(other == .expression(try PatternExpression(#"\w+"#)))
    #expect(PreTokenizerPattern(rawValue: other.rawValue) == other)
  }

  @Test func `takes no word for an expression`() {
    for word in ["o20k", "gpt-2", "qwen3", ""] {
      #expect(PreTokenizerPattern(rawValue: word) == nil)
    }
  }

  @Test func `reads tiktoken's spellings as tokenizers does, not as tiktoken`() throws {
    for pattern in [PreTokenizerPattern.gpt2, .cl100k] {
      for spelling in PreTokenizerPattern.spellings(of: pattern)
      where PreTokenizerPattern.isTiktokenOnly(spelling) {
        let read = try PreTokenizerPattern(huggingFaceExpression: spelling)
        #expect(read == .expression(try PatternExpression(spelling)))
      }
    }
  }

  @Test func `splits as tokenizers does`() throws {
    let path = fixturePath("splitting/pre-tokens.json")
    let lines = try #require(JSONValue(parsing: readFile(path, limit: 1 << 20)).array)
    let texts = try #require(lines.first?.array).compactMap(\.string)
    #expect(lines.count > 40)
    for line in lines.dropFirst() {
      let parts = try #require(line.array)
      let name = try #require(parts[0].string)
      let preTokenizer = PreTokenizer(
        pattern: try PreTokenizerPattern(rawValue: name)
          ?? PreTokenizerPattern(huggingFaceExpression: name))
      for (text, sizes) in zip(texts, try #require(parts[1].array)) {
        let expected = try #require(sizes.array).compactMap(\.int)
        let found = PreTokenizerTests.sizes(Array(text.utf8), preTokenizer)
        #expect(found == expected, "\(name): \(text)")
      }
    }
  }
}
