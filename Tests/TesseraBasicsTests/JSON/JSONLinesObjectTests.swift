import Testing

@testable import TesseraBasics

@Suite struct JSONLinesObjectTests {
  @Test func `each member and each element of a long list has a line`() throws {
    var text = JSONLinesObject()
    text.append("format", "a\nb")
    text.append("ids", [1, 2])
    text.append("none", lines: [JSONValue]())
    text.append("tokens", lines: (1...2).lazy.map { ["id": JSONValue($0)] })
    let bytes = text.finish()
    #expect(
      String(decoding: bytes, as: UTF8.self) == """
        {
        "format": "a\\nb",
        "ids": [1,2],
        "none": [
        ],
        "tokens": [
        {"id":1},
        {"id":2}
        ]
        }

        """)
    let value: JSONValue = [
      "format": "a\nb", "ids": [1, 2], "none": [], "tokens": [["id": 1], ["id": 2]],
    ]
    #expect(try JSONValue(parsing: bytes) == value)
  }
}
