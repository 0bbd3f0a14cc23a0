import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraVocabulary

@Suite struct ExtensionRecordTests {
  @Test func `a record that nobody could read is not written`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("extension.json")
    let record = Array("{}\n".utf8)
    #expect(throws: VocabularyError.file(.tooLarge(path: path, size: 3, limit: 2))) {
      try ExtensionRecord.write(record, to: path, limit: 2)
    }
    #expect(!Path.exists(path))
    try ExtensionRecord.write(record, to: path, limit: 3)
    #expect(try folder.read("extension.json") == record)
  }

  @Test func `a record that is too large is not read, wherever it is from`() throws {
    let folder = try TemporaryDirectory()
    _ = try SmallModel().write(to: folder)
    // A file with a hole takes no room.
    let path = try folder.write("base/extension.json", "{}")
    let size = ExtensionRecord.sizeLimit + 1
    try #require(setSizeForTest(path, size))
    let error = VocabularyError.file(
      .tooLarge(path: path, size: size, limit: ExtensionRecord.sizeLimit))
    #expect(throws: error) { _ = try ExtensionDelta(contentsOf: path) }
    #expect(throws: error) { _ = try ModelRestoration(of: folder.file("base")) }
    let base = try BaseModel(directory: folder.file("base"))
    try createDirectory(folder.file("new"))
    #expect(throws: error) {
      _ = try VocabularyExtension(of: base, tokens: base.select(10).tokens)
        .write(intoStaging: folder.file("new"), keepsBase: false)
    }
  }
}
