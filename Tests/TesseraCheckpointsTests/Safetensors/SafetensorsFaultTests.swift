import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

@Suite struct SafetensorsFaultTests {
  let eight = [UInt8](repeating: 0, count: 8)

  /// The fault that opening a file of these bytes reports, and its offset.
  func fault(_ bytes: [UInt8]) throws -> (fault: SafetensorsFault, offset: Int)? {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a.safetensors", bytes)
    do {
      _ = try SafetensorsFile(path: path)
      return nil
    } catch CheckpointError.safetensors(let found, let offset, let fault) {
      #expect(found == path)
      return (fault, offset)
    }
  }

  @Test(arguments: [0, 1, 7]) func `a file of less than eight bytes is refused`(size: Int) throws {
    #expect(
      try fault([UInt8](repeating: 0, count: size))?.fault == .fileTooShort(size: size))
  }

  @Test func `a header size is checked before it is believed`() throws {
    for size: UInt64 in [100_000_001, 1 << 63, .max] {
      #expect(
        try fault(safetensors(header: "{}", claimedSize: size))?.fault
          == .headerTooLarge(size: size, limit: 100_000_000))
    }
    #expect(
      try fault(safetensors(header: "{}", claimedSize: 100_000_000))?.fault
        == .headerPastEnd(headerSize: 100_000_000, fileSize: 10))
    #expect(
      try fault(safetensors(header: "{}", claimedSize: 3))?.fault
        == .headerPastEnd(headerSize: 3, fileSize: 10))
  }

  @Test(arguments: ["", " {}", "\n{}", "[]", "1", "null", "\u{0}{}", "\u{feff}{}"])
  func `a header begins with a brace`(header: String) throws {
    let found = try fault(safetensors(header: header))
    #expect(found?.fault == .headerIsNoObject)
    #expect(found?.offset == 8)
  }

  @Test(arguments: [
    "{", "{\"a\"", "{}x", "{} {}", "{\"a\":}", "{'a':1}", "{\"\\ud800\":1}",
    "{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}",
  ])
  func `a header is strict JSON`(header: String) throws {
    guard case .json? = try fault(safetensors(header: header))?.fault else {
      Issue.record("the header was read")
      return
    }
  }

  @Test func `invalid UTF-8 in a header is refused`() throws {
    let header = Array("{\"".utf8) + [0xff] + Array("\":1}".utf8)
    let size = UInt8(header.count)
    guard case .json? = try fault([size, 0, 0, 0, 0, 0, 0, 0] + header)?.fault else {
      Issue.record("the header was read")
      return
    }
  }

  @Test func `a tensor that stands twice is refused`() throws {
    let header =
      "{\(entry(type: "\"U8\"", shape: "[8]")),\(entry(type: "\"F32\"", shape: "[2]"))}"
    guard case .json? = try fault(safetensors(header: header, data: eight))?.fault else {
      Issue.record("the header was read")
      return
    }
  }

  @Test(arguments: ["null", "1", "[]", "\"pt\"", "{\"a\":1}", "{\"a\":null}"])
  func `metadata is an object of strings`(metadata: String) throws {
    let header = "{\"__metadata__\":\(metadata)}"
    #expect(try fault(safetensors(header: header))?.fault == .metadataIsNotText)
  }

  @Test(arguments: ["null", "1", "[]", "\"F32\""])
  func `the entry of a tensor is an object`(value: String) throws {
    #expect(
      try fault(safetensors(header: "{\"a\":\(value)}"))?.fault == .tensorIsNoObject(tensor: "a"))
  }

  @Test func `a tensor has type, shape and offsets`() throws {
    let fields = ["\"dtype\":\"U8\"", "\"shape\":[0]", "\"data_offsets\":[0,0]"]
    let names = ["dtype", "shape", "data_offsets"]
    for i in 0..<3 {
      let others = (0..<3).filter { $0 != i }.map { fields[$0] }.joined(separator: ",")
      #expect(
        try fault(safetensors(header: "{\"a\":{\(others)}}"))?.fault
          == .missingField(tensor: "a", field: names[i]))
    }
  }

  @Test(arguments: ["1", "null", "[\"F32\"]"]) func `a type is a string`(type: String) throws {
    #expect(
      try fault(safetensors(header: "{\(entry(type: type))}", data: eight))?.fault
        == .badField(tensor: "a", field: "dtype"))
  }

  @Test(arguments: [
    "null", "2", "[2.0]", "[-2]", "[\"2\"]", "[[2]]", "[1e1]", "[99999999999999999999]",
  ])
  func `a shape is an array of sizes`(shape: String) throws {
    #expect(
      try fault(safetensors(header: "{\(entry(shape: shape))}", data: eight))?.fault
        == .badField(tensor: "a", field: "shape"))
  }

  @Test(arguments: ["null", "8", "[]", "[0]", "[0,8,9]", "[-1,8]", "[0,8.0]", "[0,\"8\"]"])
  func `offsets are two sizes`(offsets: String) throws {
    #expect(
      try fault(safetensors(header: "{\(entry(offsets: offsets))}", data: eight))?.fault
        == .badField(tensor: "a", field: "data_offsets"))
  }

  @Test(arguments: ["F33", "f32", "", "F8_E3M4"])
  func `an unknown type is refused`(type: String) throws {
    #expect(
      try fault(safetensors(header: "{\(entry(type: "\"\(type)\""))}", data: eight))?.fault
        == .unknownType(tensor: "a", type: type))
  }

  @Test func `a tensor has sixteen axes at most`() throws {
    func header(_ rank: Int) -> String {
      let ones = Array(repeating: "1", count: rank - 1).joined(separator: ",")
      return "{\(entry(shape: "[2,\(ones)]"))}"
    }
    #expect(try fault(safetensors(header: header(16), data: eight)) == nil)
    #expect(
      try fault(safetensors(header: header(17), data: eight))?.fault
        == .rankTooHigh(tensor: "a", rank: 17, limit: 16))
    #expect(
      try fault(safetensors(header: header(1_000), data: eight))?.fault
        == .rankTooHigh(tensor: "a", rank: 1_000, limit: 16))
  }

  @Test(arguments: [
    "[4294967296,4294967296]", "[9223372036854775807]", "[2305843009213693952]",
    "[4294967296,4294967296,0]",
  ])
  func `a size that does not fit is refused`(shape: String) throws {
    #expect(
      try fault(safetensors(header: "{\(entry(shape: shape))}", data: eight))?.fault
        == .sizeOverflow(tensor: "a"))
  }

  @Test func `a size is a whole number of bytes`() throws {
    let header = "{\(entry(type: "\"F4\"", shape: "[3]", offsets: "[0,1]"))}"
    #expect(try fault(safetensors(header: header, data: [0]))?.fault == .sizeOverflow(tensor: "a"))
  }

  @Test func `offsets agree with shape and type`() throws {
    #expect(
      try fault(safetensors(header: "{\(entry(shape: "[3]"))}", data: eight))?.fault
        == .sizeMismatch(tensor: "a", expected: 12, found: 8))
    #expect(
      try fault(safetensors(header: "{\(entry(offsets: "[8,0]"))}", data: eight))?.fault
        == .reversedRange(tensor: "a", begin: 8, end: 0))
  }

  @Test func `tensors cover the data without hole and overlap`() throws {
    let first = entry("a", offsets: "[0,8]")
    let data = eight + eight + eight
    #expect(
      try fault(safetensors(header: "{\(first),\(entry("b", offsets: "[9,17]"))}", data: data))?
        .fault
        == .notContiguous(tensor: "b", expected: 8, found: 9))
    #expect(
      try fault(safetensors(header: "{\(first),\(entry("b", offsets: "[4,12]"))}", data: data))?
        .fault
        == .notContiguous(tensor: "b", expected: 8, found: 4))
    #expect(
      try fault(safetensors(header: "{\(first),\(entry("b", offsets: "[0,8]"))}", data: data))?
        .fault
        == .notContiguous(tensor: "b", expected: 8, found: 0))
    #expect(
      try fault(safetensors(header: "{\(entry("b", offsets: "[8,16]"))}", data: data))?.fault
        == .notContiguous(tensor: "b", expected: 0, found: 8))
  }

  @Test func `tensors end where the file ends`() throws {
    let header = "{\(entry())}"
    #expect(
      try fault(safetensors(header: header, data: eight + [0]))?.fault
        == .dataSizeMismatch(expected: 8, found: 9))
    #expect(
      try fault(safetensors(header: header, data: eight.dropLast()))?.fault
        == .dataSizeMismatch(expected: 8, found: 7))
    #expect(
      try fault(safetensors(header: "{}", data: [0]))?.fault
        == .dataSizeMismatch(expected: 0, found: 1))
  }

  @Test func `offsets near the largest integer are refused`() throws {
    let header = "{\(entry(offsets: "[9223372036854775799,9223372036854775807]"))}"
    #expect(
      try fault(safetensors(header: header, data: eight))?.fault
        == .notContiguous(tensor: "a", expected: 0, found: 9_223_372_036_854_775_799))
  }

  @Test func `what the format allows is read`() throws {
    for header in [
      "{}", "{}   ", "{\"__metadata__\":{}}", "{\"__metadata__\":{\"format\":\"pt\"},\(entry())}",
      "{\(entry(""))}", "{\(entry("../x"))}",
      "{\(entry("é")),\(entry("e\u{301}", offsets: "[8,16]"))}",
      "{\(entry(shape: "[2,1]", offsets: "[0, 8 ]"))}",
      "{\(entry("z", shape: "[0]", offsets: "[0,0]")),\(entry())}",
      "{\(entry(type: "\"F64\"", shape: "[]"))}",
      "{\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8],\"more\":[{}]}}",
    ] {
      let count = header.contains("8,16") ? 16 : header.contains("8") ? 8 : 0
      let found = try fault(
        safetensors(header: header, data: [UInt8](repeating: 0, count: count)))
      #expect(found == nil, "\(header)")
    }
  }

  @Test func `there are so many tensors and texts, and not one more`() throws {
    #expect(SafetensorsLimit.tensorCount == 200_000 && SafetensorsLimit.metadataCount == 10_000)
    func read(tensors: Int, texts: Int) throws(CheckpointError) {
      let texts = (0..<texts).map { "\"k\($0)\":\"v\"" }.joined(separator: ",")
      let entries = (0..<tensors).map { entry("t\($0)", shape: "[0]", offsets: "[0,0]") }
      let header = Array(
        "{\((["\"__metadata__\":{\(texts)}"] + entries).joined(separator: ","))}".utf8)
      _ = try SafetensorsHeader(
        parsing: header, fileSize: 8 + header.count, path: "", tensorLimit: 20,
        metadataLimit: 30)
    }
    try read(tensors: 20, texts: 30)
    for (tensors, texts, expected) in [
      (21, 30, SafetensorsFault.tooManyTensors(limit: 20)),
      (20, 31, .tooManyMetadataEntries(limit: 30)),
    ] {
      #expect {
        try read(tensors: tensors, texts: texts)
      } throws: {
        if case .safetensors(_, _, expected)? = $0 as? CheckpointError { true } else { false }
      }
    }
  }

  @Test func `more texts than are read are refused in a file too`() throws {
    let limit = SafetensorsLimit.metadataCount
    for count in [limit, limit + 1] {
      let texts = (0..<count).map { "\"\($0)\":\"\"" }.joined(separator: ",")
      let found = try fault(safetensors(header: "{\"__metadata__\":{\(texts)}}"))
      #expect(found?.fault == (count > limit ? .tooManyMetadataEntries(limit: limit) : nil))
    }
  }

  @Test func `every prefix of a file is refused`() throws {
    let header =
      "{\"__metadata__\":{\"format\":\"pt\"},\(entry()),\(entry("b", offsets: "[8,16]"))}"
    let whole = safetensors(header: header, data: eight + eight)
    for size in 0..<whole.count where size < 16 || size % 5 == 0 || whole.count - size < 20 {
      #expect(try fault(Array(whole[..<size])) != nil, "\(size) bytes")
    }
    #expect(try fault(whole) == nil)
  }

  @Test func `every changed byte gives a file or an error`() throws {
    let header =
      "{\"__metadata__\":{\"format\":\"pt\"},\(entry()),\(entry("b", offsets: "[8,16]"))}"
    let whole = safetensors(header: header, data: eight + eight)
    var refused = 0
    for i in 8..<whole.count - 16 {
      for value in [0, 0xff, whole[i] ^ 1] {
        var changed = Array(whole[8..<whole.count - 16])
        changed[i - 8] = value
        do {
          _ = try SafetensorsHeader(parsing: changed, fileSize: whole.count, path: "")
        } catch {
          guard case .safetensors(_, let offset, _) = error else { throw error }
          #expect((8...whole.count).contains(offset))
          refused += 1
        }
      }
    }
    #expect(refused > 300)
  }

  @Test func `a fault says where it is`() throws {
    let header = "{\(entry("a")),\(entry("b", shape: "[3]", offsets: "[8,16]"))}"
    let found = try fault(safetensors(header: header, data: eight + eight))
    let place = header.utf8.count - entry("b", shape: "[3]", offsets: "[8,16]").utf8.count - 1
    #expect(found?.offset == 8 + place)
  }
}
