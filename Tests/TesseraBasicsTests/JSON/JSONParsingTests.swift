import TesseraBasics
import Testing

@Suite struct JSONParsingTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  @Test func `reads every kind of value`() throws {
    let value = try parse(
      #" { "a" : [ 1 , -2.5e3, true,false , null ] , "b":{}, "c" : [ ], "d":"x\n\u00e9\ud83d\ude00" } "#
    )
    #expect(
      value == [
        "a": [1, .number(try #require(JSONNumber(parsing: "-2.5e3"))), true, false, nil],
        "b": [:], "c": [], "d": "x\né😀",
      ])
    #expect(value["a"]?.array?[1].double == -2_500)
    #expect(value["a"]?.array?[0].int == 1)
    #expect(value["d"]?.string == "x\né😀")
    #expect(value["e"] == nil)
    #expect(value["b"]?.object?.isEmpty == true)
    #expect(value["a"]?.array?[4].isNull == true)
    #expect(value["a"]?.array?[2].bool == true)
  }

  @Test(arguments: [
    "null", "true", "false", "0", "-0", "1", "-1", "0.5", "1e5", "1E+5", "1e-5", "-1.25E5",
    "\"\"", "[]", "{}", " [ ] ", "\t\r\n1\n", "[[],[[]]]", "123456789012345678901234567890",
    "\"\u{7F}\u{80}\u{FFFF}\u{10FFFF}\"", #""\"\\\/\b\f\n\r\t""#, "1e999",
  ])
  func `accepts`(text: String) throws {
    _ = try parse(text)
  }

  @Test(arguments: [
    ("", JSONError.unexpectedEnd(offset: 0, expected: "a value")),
    (" ", .unexpectedEnd(offset: 1, expected: "a value")),
    ("[1", .unexpectedEnd(offset: 2, expected: "a comma or the end of an array")),
    ("[1,]", .unexpectedByte(0x5D, offset: 3, expected: "a value")),
    ("[,1]", .unexpectedByte(0x2C, offset: 1, expected: "a value")),
    ("[1 2]", .unexpectedByte(0x32, offset: 3, expected: "a comma or the end of an array")),
    ("[1}", .unexpectedByte(0x7D, offset: 2, expected: "a comma or the end of an array")),
    (#"{"a":1,}"#, .unexpectedByte(0x7D, offset: 7, expected: "a key in quotes")),
    (#"{"a" 1}"#, .unexpectedByte(0x31, offset: 5, expected: "a colon")),
    (#"{a:1}"#, .unexpectedByte(0x61, offset: 1, expected: "a key in quotes")),
    (
      #"{"a":1 "b":2}"#,
      .unexpectedByte(0x22, offset: 7, expected: "a comma or the end of an object")
    ),
    ("1 2", .unexpectedByte(0x32, offset: 2, expected: "the end of the text")),
    ("[]]", .unexpectedByte(0x5D, offset: 2, expected: "the end of the text")),
    ("\u{FEFF}1", .unexpectedByte(0xEF, offset: 0, expected: "a value")),
    ("01", .invalidNumber(offset: 0)),
    ("-", .invalidNumber(offset: 0)),
    ("-a", .invalidNumber(offset: 0)),
    ("1.", .invalidNumber(offset: 0)),
    (".5", .unexpectedByte(0x2E, offset: 0, expected: "a value")),
    ("+1", .unexpectedByte(0x2B, offset: 0, expected: "a value")),
    ("1e", .invalidNumber(offset: 0)),
    ("1e+", .invalidNumber(offset: 0)),
    ("[00]", .invalidNumber(offset: 1)),
    ("0x1", .unexpectedByte(0x78, offset: 1, expected: "the end of the text")),
    ("NaN", .unexpectedByte(0x4E, offset: 0, expected: "a value")),
    ("Infinity", .unexpectedByte(0x49, offset: 0, expected: "a value")),
    ("nul", .unexpectedEnd(offset: 3, expected: "null")),
    ("trUe", .unexpectedByte(0x55, offset: 2, expected: "true")),
    ("\"a", .unexpectedEnd(offset: 2, expected: "the end of a string")),
    ("\"a\\", .unexpectedEnd(offset: 3, expected: "the rest of an escape")),
    ("\"a\nb\"", .controlCharacter(0x0A, offset: 2)),
    ("\"\0\"", .controlCharacter(0, offset: 1)),
    (#""\a""#, .invalidEscape(offset: 1)),
    (#""\u12g4""#, .invalidEscape(offset: 1)),
    (#""\u12"#, .unexpectedEnd(offset: 5, expected: "the rest of an escape")),
    (#""x\ud800""#, .loneSurrogate(offset: 2)),
    (#""\udc00\ud800""#, .loneSurrogate(offset: 1)),
    (#""\ud800\u0041""#, .loneSurrogate(offset: 1)),
    (#""\ud800\ud800""#, .loneSurrogate(offset: 1)),
    (#"{"a":1,"a":2}"#, .duplicateKey("a", offset: 7)),
    (#"{"a":1,"\u0061":2}"#, .duplicateKey("a", offset: 7)),
    ("'a'", .unexpectedByte(0x27, offset: 0, expected: "a value")),
    ("[1]//", .unexpectedByte(0x2F, offset: 3, expected: "the end of the text")),
  ])
  func `refuses`(text: String, error: JSONError) {
    #expect(throws: error) { try parse(text) }
    // Leaving values out applies the same rules.
    #expect(throws: error) {
      var reader = JSONReader(Array(text.utf8))
      try reader.skipValue()
      try reader.finish()
    }
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x9F, 0x80], [0xE2, 0x82],
      [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xF0, 0x9F, 0x98],
    ] as [[UInt8]])
  func `refuses bytes that are not UTF-8`(bytes: [UInt8]) {
    let text = [0x22, 0x61] + bytes + [0x22]
    #expect(throws: JSONError.invalidUTF8(offset: 2)) { try JSONValue(parsing: text) }
    #expect(throws: (any Error).self) { try JSONValue(parsing: Array(text.dropLast())) }
  }

  @Test func `agrees with the standard library on what UTF-8 is`() {
    var random = SplitMix64(seed: 5)
    let interesting: [UInt8] = [
      0x20, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF,
      0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
    ]
    for _ in 0..<20_000 {
      let content = (0...random.below(6)).map { _ in interesting[random.below(interesting.count)] }
      let isValid = String(validating: content, as: UTF8.self) != nil
      let value = try? JSONValue(parsing: [0x22] + content + [0x22])
      #expect((value != nil) == isValid, "\(content)")
    }
  }

  @Test func `nests 128 levels deep and no deeper`() throws {
    func nested(_ depth: Int) -> String {
      (0..<depth).map { $0.isMultiple(of: 2) ? "[" : #"{"a":"# }.joined() + "1"
        + (0..<depth).reversed().map { $0.isMultiple(of: 2) ? "]" : "}" }.joined()
    }
    for depth in [1, 127, 128] { _ = try parse(nested(depth)) }
    let offset = 64 + 64 * 5
    #expect(throws: JSONError.tooDeep(offset: offset, limit: 128)) { try parse(nested(129)) }
    let brackets = String(repeating: "[", count: 1_000_000)
    #expect(throws: JSONError.tooDeep(offset: 128, limit: 128)) { try parse(brackets) }
  }

  @Test func `keys are compared by bytes`() throws {
    let value = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value.object?.count == 2)
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    #expect(Set([JSONValue.string("\u{E9}"), .string("e\u{301}")]).count == 2)
  }

  @Test func `finds the key that is there twice among many`() throws {
    for count in [2, 12, 13, 14, 100, 5_000] {
      let members = (0..<count).map { #""k\#($0)":\#($0)"# }.joined(separator: ",")
      let value = try parse("{\(members)}")
      #expect(value.object?.count == count)
      #expect(value["k\(count - 1)"]?.int == count - 1)
      for twice in [0, count / 2, count - 1] {
        let text = "{\(members),\"k\(twice)\":0}"
        #expect(throws: JSONError.duplicateKey("k\(twice)", offset: members.utf8.count + 2)) {
          try parse(text)
        }
      }
    }
    // Keys of different objects do not meet.
    _ = try parse(#"[{"a":1},{"a":{"a":2},"b":{"a":3}}]"#)
  }

  @Test func `every prefix of a text is refused`() throws {
    let text = Array(
      #"{"version":"1.0","n":[-12.5e+3,true,null,"\u00e9\ud83d\ude00é😀"],"o":{"k":{}}}"#.utf8)
    _ = try JSONValue(parsing: text)
    for length in 0..<text.count {
      let error = #expect(throws: JSONError.self, "\(length)") {
        try JSONValue(parsing: Array(text.prefix(length)))
      }
      if let error { #expect(error.offset <= length) }
    }
  }

  @Test func `one wrong byte is refused or read, and never stops the program`() {
    let text = Array(#"{"version":"1.0","n":[-12.5e+3,true,null,"\u00e9é"],"o":{"k":{}}}"#.utf8)
    for index in text.indices {
      for byte in 0...UInt8.max {
        var copy = text
        copy[index] = byte
        if let value = try? JSONValue(parsing: copy) {
          let again = try? JSONValue(parsing: value.serialized(pretty: false))
          #expect(again == value)
        }
      }
    }
  }

  @Test func `numbers keep their digits`() throws {
    for literal in ["1.0", "1.00", "1e5", "-0", "123456789012345678901234567890", "1e999"] {
      let value = try parse(literal)
      #expect(value.serialized(pretty: false) == Array(literal.utf8))
    }
    #expect(try parse("1.0").int == nil)
    #expect(try parse("-0").int == 0)
    #expect(try parse("9223372036854775807").int == .max)
    #expect(try parse("9223372036854775808").int == nil)
    #expect(try parse("1e999").double == nil)
    #expect(try parse("1e5").double == 100_000)
  }

  @Test func `errors are sentences with the offset`() {
    let errors: [(JSONError, String)] = [
      (
        .unexpectedByte(0x5D, offset: 3, expected: "a value"),
        "found \"]\" at byte 3, where a value is expected"
      ),
      (
        .unexpectedByte(0, offset: 3, expected: "a value"),
        "found the byte 0x00 at byte 3, where a value is expected"
      ),
      (.duplicateKey("a", offset: 7), "the key \"a\" at byte 7 is there twice in one object"),
      (
        .tooDeep(offset: 128, limit: 128),
        "more than 128 arrays and objects are nested at byte 128"
      ),
    ]
    for (error, sentence) in errors { #expect(error.description == sentence) }
  }
}
