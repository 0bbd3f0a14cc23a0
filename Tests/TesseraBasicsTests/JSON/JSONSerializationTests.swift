import TesseraBasics
import Testing

@Suite struct JSONSerializationTests {
  private let sample: JSONValue = [
    "empty": [:], "none": [], "list": [1, [2, []], ["a": nil]], "text": "é😀\u{7F}\u{2028}/",
    "escapes": "\"\\\u{08}\t\n\u{0C}\r\u{00}\u{1F}", "yes": true, "no": false, "pi": 3.25,
  ]

  /// `json.dumps(sample, indent=2, ensure_ascii=False)` of Python 3.11.
  @Test func `writes lines as Python does`() {
    let expected = """
      {
        "empty": {},
        "none": [],
        "list": [
          1,
          [
            2,
            []
          ],
          {
            "a": null
          }
        ],
        "text": "é😀\u{7F}\u{2028}/",
        "escapes": "\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001f",
        "yes": true,
        "no": false,
        "pi": 3.25
      }
      """
    #expect(String(decoding: sample.serialized(pretty: true), as: UTF8.self) == expected)
  }

  /// `json.dumps(sample, separators=(",", ":"), ensure_ascii=False)` of Python 3.11.
  @Test func `writes one line as Python does`() {
    let expected =
      #"{"empty":{},"none":[],"list":[1,[2,[]],{"a":null}],"text":"é😀"# + "\u{7F}\u{2028}"
      + #"/","escapes":"\"\\\b\t\n\f\r\u0000\u001f","yes":true,"no":false,"pi":3.25}"#
    #expect(String(decoding: sample.serialized(pretty: false), as: UTF8.self) == expected)
  }

  /// `repr` of Python 3.11.
  @Test(arguments: [
    (1.0, "1.0"), (0.1, "0.1"), (1e-4, "0.0001"), (1e-5, "1e-05"), (1e15, "1000000000000000.0"),
    (1e16, "1e+16"), (9_999_999_999_999_998, "9999999999999998.0"), (1.5e300, "1.5e+300"),
    (.leastNonzeroMagnitude, "5e-324"), (12e15, "1.2e+16"), (0.00012, "0.00012"), (0, "0.0"),
    (100, "100.0"), (-0.0, "-0.0"), (123_456_789.125, "123456789.125"), (2e-7, "2e-07"),
  ])
  func `writes doubles as Python does`(value: Double, literal: String) {
    #expect(JSONValue(value).serialized(pretty: false) == Array(literal.utf8))
    #expect(JSONValue(value).double == value)
  }

  @Test func `what JSON cannot write becomes null`() {
    for value in [Double.nan, .infinity, -.infinity] { #expect(JSONValue(value) == .null) }
    #expect(JSONNumber(.nan) == nil)
  }

  @Test func `reading undoes writing`() throws {
    var random = SplitMix64(seed: 6)
    for round in 0..<300 {
      let value = randomValue(&random, depth: 4)
      for pretty in [true, false] {
        let text = value.serialized(pretty: pretty)
        let again = try JSONValue(parsing: text)
        #expect(again == value, "round \(round)")
        #expect(again.hashValue == value.hashValue)
        #expect(again.serialized(pretty: pretty) == text)
      }
    }
  }

  private func randomValue(_ random: inout SplitMix64, depth: Int) -> JSONValue {
    switch random.below(depth > 0 ? 7 : 5) {
    case 0: return .null
    case 1: return .bool(random.below(2) == 0)
    case 2: return JSONValue(Int(truncatingIfNeeded: random.next()))
    case 3: return JSONValue(random.normal() * 1e-9)
    case 4: return .string(randomString(&random))
    case 5: return .array((0..<random.below(5)).map { _ in randomValue(&random, depth: depth - 1) })
    default:
      var object = JSONObject()
      for _ in 0..<random.below(5) {
        object[randomString(&random)] = randomValue(&random, depth: depth - 1)
      }
      return .object(object)
    }
  }

  private func randomString(_ random: inout SplitMix64) -> String {
    let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0x10FFFF]
    var text = String.UnicodeScalarView()
    for _ in 0..<random.below(8) {
      let range = ranges[random.below(4)]
      let value = range.lowerBound + UInt32(random.below(range.count))
      if let scalar = Unicode.Scalar(value) { text.append(scalar) }
    }
    return String(text)
  }
}

@Suite struct JSONObjectTests {
  @Test func `keeps the order of members`() {
    var object: JSONObject = ["b": 1, "a": 2, "c": 3]
    object["a"] = 4
    #expect(object.keys == ["b", "a", "c"])
    object["b"] = nil
    object["d"] = 5
    object["nothing"] = nil
    #expect(object == ["a": 4, "c": 3, "d": 5])
    #expect(object != ["c": 3, "a": 4, "d": 5])
    object.append(newKey: "e", 6)
    #expect(object["e"] == 6)
    #expect(object.count == 4)
  }

  @Test func `members change in place`() {
    var value: JSONValue = ["a": ["b": 1]]
    value["a"]?["b"] = 2
    value["c"] = "x"
    #expect(value == ["a": ["b": 2], "c": "x"])
    var nothing = JSONValue.null
    nothing["a"] = 1
    #expect(nothing == ["a": 1])
  }
}
