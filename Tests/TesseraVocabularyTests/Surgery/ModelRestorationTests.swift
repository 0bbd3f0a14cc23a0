import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Extensions that are undone, and made again out of their records.
@Suite struct ModelRestorationTests {
  /// Model directories of all layouts that there are.
  static let models: [SmallModel] = {
    var models = [SmallModel(), SmallModel(), SmallModel(), SmallModel(), SmallModel()]
    models[1].tied = false
    models[1].shardSize = 3_000
    models[1].type = .f16
    models[2].storesTiedHead = true
    models[2].paddingCount = 7
    models[3].tied = false
    models[3].type = .f32
    models[3].paddingCount = 30
    models[3].shardSize = 5_000
    models[3].moreTensors = [TensorDescription(name: "lm_head.bias", type: .f32, shape: [330])]
    models[4].paddingCount = 1
    models[4].shardSize = 4_000
    return models
  }()

  /// Files that an extension carries over, renames, replaces or leaves out.
  private static func addFiles(to folder: borrowing TemporaryDirectory) throws {
    try folder.write("base/README.md", "the base")
    try folder.write("base/BASE_README.md", "its base")
    try folder.write("base/merges.txt", "#version: 0.2\n")
    try folder.write("base/deep/er/notes.txt", "\u{0}\u{1}")
    try folder.write("base/training.json", "{}")
    // Another tool's spelling of the same configuration.
    let text = String(decoding: try folder.read("base/config.json"), as: UTF8.self)
    try folder.write("base/config.json", text.replacing("  ", with: "\t") + "\n\n")
  }

  @Test(arguments: models.indices, PaddingPolicy.allCases)
  func `an extension is undone, byte for byte, and a second one before it`(
    index: Int, padding: PaddingPolicy
  ) throws {
    let folder = try TemporaryDirectory()
    var base = try BaseModel(directory: Self.models[index].write(to: folder))
    try Self.addFiles(to: folder)
    base = try BaseModel(directory: folder.file("base"))
    var options = ExtensionOptions()
    options.inputMethod = .random
    options.padding = padding
    options.rowMultiple = 8
    for (name, count) in [("first", 12), ("second", 9)] {
      let tokens = try base.select(count, padding: padding).tokens
      _ = try VocabularyExtension(of: base, tokens: tokens, options: options)
        .write(to: folder.file(name), force: false)
      base = try BaseModel(directory: folder.file(name))
    }
    for (name, expected, output) in [("second", "first", "undone"), ("undone", "base", "original")]
    {
      let restoration = try ModelRestoration(of: folder.file(name))
      try restoration.write(to: folder.file(output), force: false)
      var expected = try content(expected + "/", of: folder)
      // What a run left is not the model's.
      if output == "original" {
        #expect(restoration.missing == ["training.json"])
        expected["training.json"] = nil
      }
      let found = try content(output + "/", of: folder)
      #expect(found.keys.sorted() == expected.keys.sorted())
      for (file, bytes) in expected { #expect(found[file] == bytes, "\(output)/\(file)") }
    }
  }

  @Test(arguments: models.indices, [InitializationMethod.random, .eeve])
  func `an extension is made again out of its record`(
    index: Int, method: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: Self.models[index].write(to: folder))
    var options = ExtensionOptions()
    options.inputMethod = method
    if !base.matrices.tied { options.outputMethod = .multivariate }
    options.seed = .max
    options.rowMultiple = 16
    _ = try VocabularyExtension(of: base, tokens: base.select(25).tokens, options: options)
      .write(to: folder.file("new"), force: false)
    let delta = try ExtensionDelta(contentsOf: folder.file("new/extension.json"))
    #expect(delta.options == options)
    _ = try delta.vocabularyExtension(of: base).write(to: folder.file("again"), force: false)
    #expect(try content("again/", of: folder) == content("new/", of: folder))
  }

  /// A base and an extension of it.
  private static func extended(
    _ folder: borrowing TemporaryDirectory, keepsBase: Bool = true
  ) throws -> (base: BaseModel, record: String) {
    var model = SmallModel()
    model.paddingCount = 4
    let base = try BaseModel(directory: model.write(to: folder))
    try createDirectory(folder.file("new"))
    _ = try VocabularyExtension(of: base, tokens: base.select(10).tokens)
      .write(intoStaging: folder.file("new"), keepsBase: keepsBase)
    return (base, folder.file("new/extension.json"))
  }

  @Test func `a delta is refused for another base`() throws {
    let folder = try TemporaryDirectory()
    let (base, path) = try Self.extended(folder)
    let delta = try ExtensionDelta(contentsOf: path)
    var weights = try folder.read("base/model.safetensors")
    let header = base.checkpoint.shards[0].header
    let row = try #require(header.tensors.first { $0.name == "model.embed_tokens.weight" })
    weights[row.byteRange.lowerBound + 5] ^= 1
    try folder.write("base/model.safetensors", weights)
    #expect(throws: VocabularyError.otherBase(path: path, name: "model.embed_tokens.weight")) {
      _ = try delta.vocabularyExtension(of: BaseModel(directory: folder.file("base")))
    }
    weights[row.byteRange.lowerBound + 5] ^= 1
    try folder.write("base/model.safetensors", weights)
    _ = try delta.vocabularyExtension(of: BaseModel(directory: folder.file("base")))
    try folder.write(
      "base/config.json", try folder.read("base/config.json") + Array("\n".utf8))
    #expect(throws: VocabularyError.otherBase(path: path, name: "config.json")) {
      _ = try delta.vocabularyExtension(of: BaseModel(directory: folder.file("base")))
    }
  }

  /// What is found in a record, what takes its place, and what is said then.
  private static let changes: [(found: String, changed: String, reason: String)] = [
    (
      "\"format\": \"tessera-extension-1\"", "\"format\": \"x\"",
      "\"format\" is not \"tessera-extension-1\""
    ),
    ("\"first_id\": 300", "\"first_id\": -1", "there is no usable \"first_id\""),
    (
      "\"first_id\": 300", "\"first_id\": 304",
      "\"first_id\" is not the ID after those of the base"
    ),
    ("\"new_tokens\": 10", "\"new_tokens\": 11", "\"merges\" make 10 tokens, and not 11"),
    ("\"padding\": \"reuse\"", "\"padding\": 1", "there is no usable \"padding\""),
    ("\"row_multiple\": 1", "\"row_multiple\": 0", "there is no usable \"row_multiple\""),
    (
      "\"method\":\"subword-mean\"", "\"method\":\"x\"",
      "there is no usable \"initialization\""
    ),
    (",300]", ",4000000000]", "merge 0 is not made of tokens before its own"),
    (",300]", ",99999999999]", "merge 0 is not made of tokens before its own"),
    // The next one makes token 301, before which there is no 300.
    (",300]", ",0]", "merge 1 is not made of tokens before its own"),
    ("\"merges\": [", "\"merges\": [0,", "merge 0 is not made of tokens before its own"),
    ("\"tensor_sha256\"", "\"tensor\"", "there is no usable \"base\""),
  ]

  @Test(arguments: changes)
  func `a record that was changed is refused`(found: String, changed: String, reason: String)
    throws
  {
    let folder = try TemporaryDirectory()
    let (base, path) = try Self.extended(folder)
    var text = String(decoding: try folder.read("new/extension.json"), as: UTF8.self)
    let range = try #require(text.firstRange(of: found))
    text.replaceSubrange(range, with: changed)
    try folder.write("new/extension.json", text)
    #expect(throws: VocabularyError.malformedRecord(path: path, reason: reason)) {
      _ = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base)
    }
  }

  @Test func `a record that is no JSON is refused`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("extension.json", "[\"format\": 1}")
    var reason = ""
    do { _ = try JSONValue(parsing: folder.read("extension.json")) } catch { reason = "\(error)" }
    #expect(!reason.isEmpty)
    #expect(throws: VocabularyError.malformedRecord(path: path, reason: reason)) {
      _ = try ExtensionDelta(contentsOf: path)
    }
    #expect(throws: VocabularyError.malformedRecord(path: path, reason: reason)) {
      _ = try ModelRestoration(of: folder.path)
    }
  }

  @Test func `a delta that describes other rows is refused when it is written`() throws {
    let folder = try TemporaryDirectory()
    let (base, path) = try Self.extended(folder)
    var text = String(decoding: try folder.read("new/extension.json"), as: UTF8.self)
    let range = try #require(text.firstRange(of: "\"new_mean_norm\":"))
    text.replaceSubrange(range, with: "\"new_mean_norm\":1")
    try folder.write("new/extension.json", text)
    #expect(throws: VocabularyError.otherResult(path: path, member: "initialization")) {
      _ = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base)
        .write(to: folder.file("again"), force: false)
    }
    #expect(!Path.exists(folder.file("again")))
  }

  @Test(arguments: ["model.safetensors", "extension/rows.safetensors", "extension/config.json"])
  func `a model that has changed is not restored`(name: String) throws {
    let folder = try TemporaryDirectory()
    _ = try Self.extended(folder)
    var bytes = try folder.read("new/" + name)
    // A number of the embedding's first row or of a replaced row, or a letter.
    let place =
      name == "model.safetensors"
      ? try SafetensorsFile(path: folder.file("new/" + name)).header.tensors
        .first { $0.name == "model.embed_tokens.weight" }!.byteRange.lowerBound : bytes.count - 1
    bytes[place] ^= 1
    try folder.write("new/" + name, bytes)
    let file = name == "extension/config.json" ? "config.json" : "model.safetensors"
    #expect(throws: VocabularyError.changedSinceExtension(path: file)) {
      try ModelRestoration(of: folder.file("new")).write(to: folder.file("out"), force: false)
    }
    #expect(!Path.exists(folder.file("out")))
  }

  @Test func `a restored base is replaced by itself, and by nothing else`() throws {
    let folder = try TemporaryDirectory()
    _ = try Self.extended(folder)
    let restoration = try ModelRestoration(of: folder.file("new"))
    let output = folder.file("out")
    try restoration.write(to: output, force: true)
    let restored = try content("out/", of: folder)
    #expect(throws: VocabularyError.file(.exists(path: output))) {
      try restoration.write(to: output, force: false)
    }
    try restoration.write(to: output, force: true)
    #expect(try content("out/", of: folder) == restored)
    // Also where a file is missing.
    try #require(removeTree(folder.file("out/config.json")))
    try restoration.check(output: output, force: true)
    try restoration.write(to: output, force: true)
    #expect(try content("out/", of: folder) == restored)

    func expectKept(_ found: [String: [UInt8]]) throws {
      #expect(throws: VocabularyError.file(.notOutput(path: output))) {
        try restoration.check(output: output, force: true)
      }
      #expect(throws: VocabularyError.file(.notOutput(path: output))) {
        try restoration.write(to: output, force: true)
      }
      #expect(try content("out/", of: folder) == found)
    }
    // A file of somebody's, a byte that was changed, a folder.
    try folder.write("out/notes.txt", "precious")
    try expectKept(restored.merging(["notes.txt": Array("precious".utf8)]) { $1 })
    try #require(removeTree(folder.file("out/notes.txt")))
    var weights = try #require(restored["model.safetensors"])
    weights[weights.count - 1] ^= 1
    try folder.write("out/model.safetensors", weights)
    try expectKept(restored.merging(["model.safetensors": weights]) { $1 })
    weights[weights.count - 1] ^= 1
    try folder.write("out/model.safetensors", weights)
    try createDirectory(folder.file("out/empty"))
    try expectKept(restored)
    try #require(removeTree(folder.file("out/empty")))
    try restoration.write(to: output, force: true)
  }

  @Test func `a base that was not kept is not restored`() throws {
    let folder = try TemporaryDirectory()
    let (_, path) = try Self.extended(folder, keepsBase: false)
    #expect(try !folder.listing().contains { $0.hasPrefix("new/extension/") })
    #expect(throws: VocabularyError.baseNotKept(path: path)) {
      _ = try ModelRestoration(of: folder.file("new"))
    }
    // The delta is there all the same.
    _ = try ExtensionDelta(contentsOf: path)
  }

  // Swift takes a slash and a combining mark for one character, the system for two.
  @Test(arguments: [
    "../config.json", "/config.json", "a//b", "", "a/..", "../\u{301}config.json", "a/../\u{301}b",
  ])
  func `no file outside of the folder is written`(name: String) throws {
    let folder = try TemporaryDirectory()
    let (_, path) = try Self.extended(folder)
    let text = String(decoding: try folder.read("new/extension.json"), as: UTF8.self)
    let start = try #require(text.firstRange(of: "\"files\":{\"config.json\""))
    try folder.write(
      "new/extension.json",
      text.replacingCharacters(start, "\"files\":{\"\(name)\""))
    #expect(
      throws: VocabularyError.malformedRecord(
        path: path, reason: "\"\(name)\" is no file of a model")
    ) { _ = try ModelRestoration(of: folder.file("new")) }
  }
}

extension String {
  /// The text with another one in the place of a part.
  fileprivate func replacingCharacters(_ range: Range<String.Index>, _ text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
