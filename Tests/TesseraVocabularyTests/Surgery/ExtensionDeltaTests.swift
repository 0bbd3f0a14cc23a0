import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Extensions that are made again out of their records.
@Suite struct ExtensionDeltaTests {
  /// Extends a model, does it again out of the record, and compares all files.
  private func expectSame(
    tied: Bool, _ options: ExtensionOptions, in folder: borrowing TemporaryDirectory
  ) throws {
    var model = SmallModel()
    model.tied = tied
    let base = try BaseModel(directory: model.write(to: folder))
    let tokens = try base.select(30).tokens
    _ = try VocabularyExtension(
      of: base, tokens: tokens, options: options,
      inputs: SmallModel.inputs(donor: SmallModel.donor(of: base, in: folder), tokens: tokens)
    ).write(to: folder.file("new"), force: false)
    _ = try ExtensionDelta(contentsOf: folder.file("new/extension.json"))
      .vocabularyExtension(of: base).write(to: folder.file("again"), force: false)
    let files = try folder.listing().filter { $0.hasPrefix("new/") }
    #expect(files.count > 4)
    for file in files {
      #expect(
        try folder.read(file) == folder.read(file.replacing("new/", with: "again/")), "\(file)")
    }
  }

  @Test(arguments: [true, false], InitializationMethod.allCases)
  func `a record and the base are enough for the same model`(
    tied: Bool, method: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    var options = ExtensionOptions()
    options.inputMethod = method
    options.seed = 3
    try expectSame(tied: tied, options, in: folder)
    // Rows of their own are no weights of base rows, and have a file.
    #expect(
      try folder.listing().contains("new/extension/offsets.safetensors")
        == (method == .clp || method.learnsRows && method != .reprogram))
  }

  /// The rows of one matrix are in the file, those of the other are drawn again.
  @Test(
    arguments: [(.distill, .script), (.script, .clp), (.mean, .distill)]
      as [(InitializationMethod, InitializationMethod)])
  func `each matrix has rows of its own`(
    input: InitializationMethod, output: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    var options = ExtensionOptions()
    (options.inputMethod, options.outputMethod) = (input, output)
    try expectSame(tied: false, options, in: folder)
  }

  @Test func `rows of their own need the file that the record tells of`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokens = try base.select(30).tokens
    var options = ExtensionOptions()
    options.inputMethod = .distill
    let extended = try VocabularyExtension(
      of: base, tokens: tokens, options: options,
      inputs: SmallModel.inputs(donor: SmallModel.donor(of: base, in: folder), tokens: tokens))
    _ = try extended.write(to: folder.file("new"), force: false)
    let path = folder.file("new/extension.json")
    let (record, name) = (
      try folder.read("new/extension.json"), "new/extension/offsets.safetensors"
    )
    var bytes = try folder.read(name)
    bytes[bytes.count - 1] ^= 1
    try folder.write(name, bytes)
    func expectRefusal(_ reason: String) throws {
      let delta = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base)
      #expect {
        _ = try delta.write(to: folder.file("again"), force: false)
      } throws: {
        "\($0)".contains(reason)
      }
      #expect(try folder.listing().contains { $0.hasPrefix("again") } == false)
    }
    try expectRefusal("is not the file that it tells of")
    try remove(folder.file(name))
    try expectRefusal("offsets.safetensors")
    // As a run that trains the model leaves it.
    _ = try folder.write("staged/README.md", "")
    _ = try extended.write(intoStaging: folder.file("staged"), keepsBase: false)
    try folder.write("new/extension.json", folder.read("staged/extension.json"))
    #expect(try folder.read("new/extension.json") != record)
    try expectRefusal("the model was trained")
  }

  @Test func `a record with merges that no memory holds is refused`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    _ = try VocabularyExtension(of: base, tokens: base.select(30).tokens)
      .write(to: folder.file("new"), force: false)
    let path = folder.file("new/extension.json")
    var record = try JSONValue(parsing: folder.read("new/extension.json"))
    let first = base.newIDs(padding: .reuse).next
    // Each merge doubles the token before: 2^60 bytes after sixty.
    record["new_tokens"] = 60
    record["merges"] = .array(
      (0..<60).map { i in
        let part = i == 0 ? 5 : first + TokenID(i) - 1
        return [JSONValue(part), JSONValue(part), JSONValue(first + TokenID(i))]
      })
    try folder.write("new/extension.json", record.serialized(pretty: true))
    #expect(
      throws: VocabularyError.malformedRecord(
        path: path, reason: "merge 16 makes a token that is too long, or one too many")
    ) { _ = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base) }
    record["new_tokens"] = 5
    try folder.write("new/extension.json", record.serialized(pretty: true))
    #expect(
      throws: VocabularyError.malformedRecord(
        path: path, reason: "merge 5 makes a token that is too long, or one too many")
    ) { _ = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base) }
    // After fifteen, a thousand tokens of 32 KiB each.
    record["new_tokens"] = 1_100
    record["merges"] = .array(
      (0..<1_100).map { i in
        let left = i == 0 ? 5 : first + TokenID(min(i, 15)) - 1
        let right = i < 15 ? left : 5
        return [JSONValue(left), JSONValue(right), JSONValue(first + TokenID(i))]
      })
    try folder.write("new/extension.json", record.serialized(pretty: true))
    #expect(
      throws: VocabularyError.malformedRecord(
        path: path, reason: "merge 1036 makes a token that is too long, or one too many")
    ) { _ = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base) }
  }

  @Test(arguments: [
    ("terms", "[[1073741824, 1]]"), ("terms", "[[1]]"), ("terms", "[[-1, 1]]"), ("mean", "true"),
    ("scale", "null"),
  ])
  func `a recipe that is none is refused`(key: String, value: String) throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    _ = try VocabularyExtension(of: base, tokens: base.select(30).tokens)
      .write(to: folder.file("new"), force: false)
    let path = folder.file("new/extension.json")
    var record = try JSONValue(parsing: folder.read("new/extension.json"))
    var tokens = try #require(record["tokens"]?.array)
    var entry = try #require(tokens[2]["input"]?.object)
    entry[key] = try JSONValue(parsing: Array(value.utf8))
    var token = try #require(tokens[2].object)
    token["input"] = .object(entry)
    tokens[2] = .object(token)
    record["tokens"] = .array(tokens)
    try folder.write("new/extension.json", record.serialized(pretty: true))
    let delta = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base)
    #expect(
      throws: VocabularyError.malformedRecord(
        path: path, reason: "the input row of token 2 is no sum of rows of the base")
    ) { _ = try delta.write(to: folder.file("again"), force: false) }
  }
}
