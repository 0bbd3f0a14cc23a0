import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct GenerateCommandTests {
  @Test func `generate prints what its JSON holds`() throws {
    let options = [
      "generate", "--model", fixturePath("../../models/base-en"), "--prompt", "The river",
      "--tokens",
      "5", "--seed", "3",
    ]
    let text = try ToolRun(options)
    let result = try JSONValue(parsing: ToolRun(options + ["--json"]).output)
    let added = try #require(result["text"]?.string)
    #expect(text.text == "The river" + added + "\n")
    let full = try ToolRun(
      shell: "$tessera \(options.map { "'\($0)'" }.joined(separator: " ")) >/dev/full")
    full.expectFailure(74, ["standard output"])
  }
}
