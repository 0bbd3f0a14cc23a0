import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@Suite struct JSONLinesTests {
  private func texts(_ content: String, field: String = "text") throws -> [String] {
    let directory = try TemporaryDirectory()
    let corpus = try Corpus(
      paths: [try directory.write("a.jsonl", content)], options: CorpusOptions(textField: field))
    var reader = corpus.makeReader()
    var texts: [String] = []
    while let document = try reader.next() {
      texts.append(String(decoding: document.bytes, as: UTF8.self))
    }
    return texts
  }

  /// The error of a second line, with the path left out.
  private func error(_ line: String, field: String = "text") throws -> CorpusError? {
    let directory = try TemporaryDirectory()
    let path = try directory.write("a.jsonl", "{\"\(field)\":\"x\"}\r\n" + line + "\n")
    let corpus = try Corpus(paths: [path], options: CorpusOptions(textField: field))
    var reader = corpus.makeReader()
    _ = try reader.next()
    do throws(CorpusError) {
      _ = try reader.next()
      return nil
    } catch {
      switch error {
      case .invalidJSON(path, let line, let offset, let error):
        return .invalidJSON(path: "", line: line, offset: offset, error)
      case .notObject(path, let line, let offset):
        return .notObject(path: "", line: line, offset: offset)
      case .missingField(path, let line, let offset, let field):
        return .missingField(path: "", line: line, offset: offset, field: field)
      case .fieldNotString(path, let line, let offset, let field):
        return .fieldNotString(path: "", line: line, offset: offset, field: field)
      default: return error
      }
    }
  }

  @Test func `every line is a document`() throws {
    let content = """
      {"text": "one\\nline", "id": 1}\r
      {"id": {"text": "inner"}, "text": "\\u00e9\\ud83d\\ude00"}

        \t
      {"text":"last"}
      """
    #expect(try texts("\u{FEFF}" + content) == ["one\nline", "é😀", "last"])
    #expect(try texts(content + "\n") == ["one\nline", "é😀", "last"])
  }

  @Test func `the field's name is compared by bytes and may be escaped`() throws {
    #expect(try texts(#"{"b\u006fdy":"x","text":"y"}"#, field: "body") == ["x"])
    #expect(try texts("{\"\u{E9}\":\"x\",\"e\u{301}\":\"y\"}", field: "\u{E9}") == ["x"])
  }

  @Test func `errors name line and offset`() throws {
    let offset = 14
    #expect(
      try error(#"{"text":"\ud800"}"#)
        == .invalidJSON(path: "", line: 2, offset: offset, .loneSurrogate(offset: 9)))
    #expect(
      try error(#"{"text":"x""#)
        == .invalidJSON(
          path: "", line: 2, offset: offset,
          .unexpectedEnd(offset: 11, expected: "a comma or the end of an object")))
    #expect(
      try error(#"{"text":"x"} {"#)
        == .invalidJSON(
          path: "", line: 2, offset: offset,
          .unexpectedByte(0x7B, offset: 13, expected: "the end of the text")))
    #expect(
      try error(#"{"text":"x","text":"y"}"#)
        == .invalidJSON(path: "", line: 2, offset: offset, .duplicateKey("text", offset: 12)))
    #expect(
      try error(#"{"text":NaN}"#)
        == .invalidJSON(
          path: "", line: 2, offset: offset,
          .unexpectedByte(0x4E, offset: 8, expected: "a value")))
    let deep = #"{"text":"# + String(repeating: "[", count: 100_000)
    #expect(
      try error(deep)
        == .invalidJSON(
          path: "", line: 2, offset: offset, .tooDeep(offset: 135, limit: 128)))
    #expect(try error("[]") == .notObject(path: "", line: 2, offset: offset))
    #expect(try error("\"text\"") == .notObject(path: "", line: 2, offset: offset))
    #expect(
      try error(#"{"txt":"x"}"#)
        == .missingField(path: "", line: 2, offset: offset, field: "text"))
    for value in ["1", "null", "[\"x\"]", "{\"text\":\"x\"}", "1e999"] {
      #expect(
        try error("{\"text\":\(value)}")
          == .fieldNotString(path: "", line: 2, offset: offset, field: "text"))
    }
  }

  @Test func `a line of any length is read, in pieces if wanted`() throws {
    let directory = try TemporaryDirectory()
    let text = String(repeating: "a long line €", count: 250_000)
    let line = JSONValue.object(["id": 1, "text": .string(text)]).serialized(pretty: false)
    let path = try directory.write("a.jsonl", line + [0x0A] + line)
    var reader = try Corpus(paths: [path]).makeReader()
    var bytes: [UInt8] = []
    var ends = 0
    while let piece = try reader.nextPiece(sizeLimit: 100_000) {
      #expect(piece.bytes.count <= 100_000)
      #expect(piece.position.line == ends + 1)
      bytes += piece.bytes
      ends += piece.endsDocument ? 1 : 0
    }
    #expect(ends == 2)
    #expect(bytes == Array((text + text).utf8))
  }

  @Test func `a line that is too long is refused before it is in memory`() throws {
    let directory = try TemporaryDirectory()
    let line = #"{"text":"x"}"#
    let path = try directory.write("a.jsonl", line + "\n\n" + line + " \n" + line)
    for (limit, count) in [(13, 3), (12, 1)] {
      var reader = try Corpus(paths: [path]).makeReader()
      reader.lineSizeLimit = limit
      for _ in 0..<count { #expect(try reader.next() != nil) }
      if count == 3 { continue }
      let error = CorpusError.lineTooLong(path: path, line: 3, offset: 14, limit: limit)
      #expect(throws: error) { try reader.next() }
    }
  }

  @Test func `every prefix of a line is refused`() throws {
    let line = #"{"id":[1,true],"text":"\u00e9x"}"#
    #expect(try texts(line) == ["éx"])
    for length in 1..<line.utf8.count {
      let prefix = String(decoding: line.utf8.prefix(length), as: UTF8.self)
      let error = #expect(throws: CorpusError.self) { try texts(prefix) }
      if case .invalidJSON(_, line: 1, offset: 0, _) = error {
      } else {
        Issue.record("\(length): \(String(describing: error))")
      }
    }
  }
}
