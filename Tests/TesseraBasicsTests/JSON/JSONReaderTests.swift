import TesseraBasics
import Testing

@Suite struct JSONReaderTests {
  @Test func `walks through objects and arrays`() throws {
    var reader = JSONReader(
      Array(
        #" {"skip": {"a": [1, "]"]}, "size": 12, "names": ["x", "\u0079"], "ok": true, "no": null}"#
          .utf8))
    var size = 0
    var names: [String] = []
    var ok = false
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "size") {
        size = try reader.readInt()
      } else if reader.matches(key, "names") {
        try reader.beginArray()
        while try reader.nextElement() { names.append(reader.string(try reader.readString())) }
      } else if reader.matches(key, "ok") {
        ok = try reader.readBool()
      } else if reader.matches(key, "no") {
        #expect(try reader.peek() == .null)
        try reader.readNull()
      } else {
        let range = try reader.skipValue()
        #expect(String(decoding: reader.bytes[range], as: UTF8.self) == #"{"a": [1, "]"]}"#)
      }
    }
    try reader.finish()
    #expect(size == 12)
    #expect(names == ["x", "y"])
    #expect(ok)
  }

  @Test func `hands out strings as places, with the bytes on demand`() throws {
    var reader = JSONReader(Array(#"["plain", "with\tescape"]"#.utf8))
    try reader.beginArray()
    #expect(try reader.nextElement())
    let plain = try reader.readString()
    #expect(!plain.hasEscapes && plain.range == 2..<7)
    #expect(try reader.nextElement())
    let escaped = try reader.readString()
    #expect(escaped.hasEscapes)
    var bytes: [UInt8] = []
    reader.append(plain, to: &bytes)
    reader.append(escaped, to: &bytes)
    #expect(bytes == Array("plainwith\tescape".utf8))
    #expect(reader.matches(escaped, "with\tescape"))
    #expect(!reader.matches(escaped, #"with\tescape"#))
    #expect(try !reader.nextElement())
    try reader.finish()
  }

  @Test func `integers are exact or refused`() throws {
    for value in [0, 1, -1, 42, .max, .min, .max - 9, .min + 9] {
      var reader = JSONReader(Array("\(value)".utf8))
      #expect(try reader.readInt() == value)
    }
    for text in [
      "9223372036854775808", "-9223372036854775809", "1.0", "1e2", "18446744073709551616",
    ] {
      let error = JSONError.numberOutOfRange(offset: 0, expected: "an integer of 64 bits")
      #expect(throws: error) {
        var reader = JSONReader(Array(text.utf8))
        return try reader.readInt()
      }
    }
  }

  @Test func `says what kind of value it found instead`() {
    let text = Array(#""x""#.utf8)
    #expect(throws: JSONError.unexpectedByte(0x22, offset: 0, expected: "an object")) {
      var reader = JSONReader(text)
      try reader.beginObject()
    }
    #expect(throws: JSONError.unexpectedByte(0x22, offset: 0, expected: "an array")) {
      var reader = JSONReader(text)
      try reader.beginArray()
    }
    #expect(throws: JSONError.unexpectedByte(0x22, offset: 0, expected: "a number")) {
      var reader = JSONReader(text)
      return try reader.readInt()
    }
    #expect(throws: JSONError.unexpectedByte(0x22, offset: 0, expected: "true or false")) {
      var reader = JSONReader(text)
      return try reader.readBool()
    }
    #expect(throws: JSONError.unexpectedByte(0x22, offset: 0, expected: "null")) {
      var reader = JSONReader(text)
      try reader.readNull()
    }
    #expect(throws: JSONError.unexpectedByte(0x5B, offset: 0, expected: "a string")) {
      var reader = JSONReader(Array("[".utf8))
      _ = try reader.readString()
    }
  }

  @Test func `asking for a key outside of an object stops the program`() async {
    await #expect(processExitsWith: .failure) {
      var reader = JSONReader(Array("1".utf8))
      _ = try reader.nextKey()
    }
  }
}
