import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct VocabularyReplacementTests {
  /// The tokens of the base by their bytes; added ones apart.
  private struct Definition {
    let ids: [[UInt8]: TokenID]
    let added: [String: TokenID]
    let merging: Tokenizer

    init(_ base: Tokenizer) throws {
      added = Dictionary(uniqueKeysWithValues: base.addedTokens.map { ($0.content, $0.id) })
      let addedIDs = Set(added.values)
      ids = Dictionary(
        uniqueKeysWithValues: (0..<TokenID(base.vocabularySize)).compactMap { id in
          addedIDs.contains(id) ? nil : base.tokens.bytes(of: id).map { (Array($0), id) }
        })
      merging = try Tokenizer(model: base.model, pattern: .none)
    }

    /// The base's row of a token, or nil for a new one.
    func row(of id: TokenID, _ tokenizer: Tokenizer) -> Int? {
      if let token = tokenizer.addedTokens.first(where: { $0.id == id }) {
        return added[token.content].map { Int($0) }
      }
      return tokenizer.tokens.bytes(of: id).flatMap { ids[Array($0)] }.map { Int($0) }
    }
  }

  @Test(arguments: [true, false], [0, 9])
  func `shared rows move with their tokens, and all others are means of pieces`(
    tied: Bool, paddingCount: Int
  ) throws {
    for seed in 1...6 as ClosedRange<UInt64> {
      let folder = try TemporaryDirectory()
      var model = SmallModel()
      model.tied = tied
      model.storesTiedHead = tied && seed % 2 == 0
      model.type = seed % 2 == 0 ? .f32 : .bf16
      model.paddingCount = paddingCount
      model.shardSize = seed % 3 == 0 ? 600 : 1 << 30
      let base = try BaseModel(directory: model.write(to: folder))
      let tokenizer = try OtherTokenizer.random(seed: seed)
      var options = ExtensionOptions()
      options.rowMultiple = seed % 2 == 0 ? 64 : 1
      let replacement = try VocabularyReplacement(
        of: base, by: tokenizer.write("other", in: folder), options: options)
      let report = try replacement.write(to: folder.file("new"), force: false)
      let new = try BaseModel(directory: folder.file("new"))
      #expect(report.rowCount == 320)
      #expect(new.rowCount == report.rowCount && new.tokenizer.vocabularySize == 320)
      #expect(report.sharedCount + report.newTokenCount == 320)
      #expect(report.sharedCount > 256 && report.newTokenCount > 10)
      #expect(300 - report.droppedCount == report.sharedCount)
      #expect(new.checkpoint.configuration.vocabularySize == report.rowCount)
      let definition = try Definition(base.tokenizer)
      for (old, found) in zip(base.matrices.all, new.matrices.all) {
        let (a, b) = (
          try old.floats(in: 0..<old.rowCount), try found.floats(in: 0..<found.rowCount)
        )
        for id in 0..<TokenID(320) {
          let row = Array(b[Int(id) * 8..<Int(id + 1) * 8])
          if let oldRow = definition.row(of: id, tokenizer) {
            #expect(row == Array(a[oldRow * 8..<(oldRow + 1) * 8]), "seed \(seed), token \(id)")
            continue
          }
          let pieces = try definition.merging.encode(
            try #require(tokenizer.bytes(of: id)), special: .none)
          for i in 0..<8 {
            let mean =
              pieces.reduce(0.0) { $0 + Double(a[Int($1) * 8 + i]) } / Double(pieces.count)
            let tolerance = abs(mean) * (model.type == .bf16 ? 0x1p-8 : 0x1p-22) + 1e-6
            #expect(abs(Double(row[i]) - mean) <= tolerance, "seed \(seed), token \(id)")
          }
        }
      }
      // What has nothing to do with tokens is as it was, and the tokenizer is the other one.
      for name in ["model.layers.0.q.weight", "model.norm.weight"] {
        #expect(try base.checkpoint.readTensor(name) == new.checkpoint.readTensor(name))
      }
      for text in SmallModel.documents {
        #expect(try new.tokenizer.encode(text) == tokenizer.encode(text))
      }
    }
  }

  @Test(arguments: InitializationMethod.allCases.filter { !$0.needsExtension })
  func `a model that gets its own tokenizer keeps its matrices`(
    method: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let directory = try model.write(to: folder)
    let base = try BaseModel(directory: directory)
    var options = ExtensionOptions()
    options.inputMethod = method
    var replacement = try VocabularyReplacement(of: base, by: directory, options: options)
    replacement.inputs = try SmallModel.inputs(
      donor: directory, tokens: replacement.correspondence.tokens)
    let report = try replacement.write(to: folder.file("new"), force: false)
    #expect(report.newTokenCount == 0 && report.droppedCount == 0 && report.rowCount == 300)
    let names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    for name in names {
      #expect(try folder.read("base/" + name) == folder.read("new/" + name), "\(name)")
    }
  }

  @Test func `rows follow their tokens when IDs are permuted`() throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let folder = try TemporaryDirectory()
      let base = try BaseModel(directory: SmallModel().write(to: folder))
      let tokenizer = try OtherTokenizer.random(seed: seed)
      let newIDs = OtherTokenizer.permutation(320, seed: seed)
      let permuted = try OtherTokenizer.permuted(tokenizer, newIDs)
      for (name, tokenizer) in [("a", tokenizer), ("b", permuted)] {
        let replacement = try VocabularyReplacement(
          of: base, by: tokenizer.write("tokenizer-" + name, in: folder))
        _ = try replacement.write(to: folder.file(name), force: false)
      }
      let (a, b) = (
        try BaseModel(directory: folder.file("a")), try BaseModel(directory: folder.file("b"))
      )
      for id in 0..<320 {
        let other = Int(newIDs[id])
        #expect(
          try a.matrices.embedding.bytes(in: id..<id + 1)
            == b.matrices.embedding.bytes(in: other..<other + 1), "seed \(seed), token \(id)")
      }
    }
  }

  @Test(arguments: InitializationMethod.allCases)
  func `every method makes rows, or is refused by name`(method: InitializationMethod) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let base = try BaseModel(directory: model.write(to: folder))
    let other = try OtherTokenizer.random(seed: 3).write("other", in: folder)
    var options = ExtensionOptions()
    options.inputMethod = method
    guard !method.needsExtension else {
      #expect(throws: VocabularyError.methodNeedsExtension(method)) {
        try VocabularyReplacement(of: base, by: other, options: options)
      }
      return
    }
    var replacement = try VocabularyReplacement(of: base, by: other, options: options)
    // The donor is one that has the other tokenizer already.
    options.inputMethod = .mean
    _ = try VocabularyReplacement(of: base, by: other, options: options)
      .write(to: folder.file("donor"), force: false)
    replacement.inputs = try SmallModel.inputs(
      donor: folder.file("donor"), tokens: replacement.correspondence.tokens)
    let report = try replacement.write(to: folder.file("new"), force: false)
    #expect(report.matrices.map(\.method) == [method, method])
    #expect(report.matrices.allSatisfy { $0.newNorms.count == report.newTokenCount })
    #expect(report.matrices.allSatisfy { $0.newNorms.smallest > 0 })
  }

  @Test func `focus takes shared tokens as anchors, by their rows in the base`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokenizer = try OtherTokenizer.permuted(
      OtherTokenizer.random(seed: 2), OtherTokenizer.permutation(320, seed: 5))
    var options = ExtensionOptions()
    options.inputMethod = .focus
    var replacement = try VocabularyReplacement(
      of: base, by: tokenizer.write("other", in: folder), options: options)
    replacement.inputs = try SmallModel.inputs(
      donor: base.checkpoint.directory, tokens: replacement.correspondence.tokens)
    _ = try replacement.write(to: folder.file("new"), force: false)
    let record = try JSONValue(parsing: folder.read("new/extension.json"))
    let shared = replacement.correspondence.shared
    // Anchors have words, which single bytes and pieces of characters are not.
    let words = Set(
      shared.filter { token in
        let text = tokenizer.bytes(of: token.id).flatMap { String(validating: $0, as: UTF8.self) }
        return text.map { $0.contains { !$0.isWhitespace } } ?? false
      }.map { Int($0.base) })
    let terms = try #require(record["tokens"]?.array).compactMap { $0["input"]?["terms"]?.array }
    #expect(terms.count > 5)
    for row in terms.joined().compactMap({ $0.array?.first?.int }) {
      #expect(words.contains(row), "row \(row)")
    }
  }

  @Test func `roles, files and added tokens come with the new tokenizer`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    try folder.write(
      "base/generation_config.json",
      #"{"eos_token_id": [0], "pad_token_id": 0, "suppress_tokens": [-1, 299, 0]}"#)
    for name in ["chat_template.jinja", "special_tokens_map.json", "added_tokens.json"] {
      try folder.write("base/" + name, "old")
    }
    try folder.write("base/README.md", "card")
    try folder.write("base/additional_chat_templates/tools.jinja", "old")
    try folder.write("base/preprocessor_config.json", "{}")
    let base = try BaseModel(directory: directory)
    let tokenizer = try OtherTokenizer.random(seed: 1, specialTokens: ["<s>", "</s>", "<|tool|>"])
    let other = try tokenizer.write("other", in: folder)
    try folder.write("other/chat_template.jinja", "new")
    try folder.write("other/additional_chat_templates/rag.jinja", "new")
    try folder.write("other/README.md", "not ours")
    #expect(
      throws: VocabularyError.roleWithoutToken(
        path: Path.join(directory, "generation_config.json"), key: "eos_token_id",
        token: "<|endoftext|>", isAdded: true)
    ) { try VocabularyReplacement(of: base, by: other) }
    let replacement = try VocabularyReplacement(
      of: base, by: other, mappings: [TokenMapping(old: "<|endoftext|>", new: "</s>")])
    let report = try replacement.write(to: folder.file("new"), force: false)
    let end = try #require(tokenizer.addedTokens.first { $0.content == "</s>" }).id
    let generation = try JSONValue(parsing: folder.read("new/generation_config.json"))
    #expect(generation["eos_token_id"] == [JSONValue(end)])
    #expect(generation["pad_token_id"] == JSONValue(end))
    let suppressed = replacement.correspondence.newIDs[299].map { [JSONValue($0)] } ?? []
    #expect(generation["suppress_tokens"] == .array([-1] + suppressed + [JSONValue(end)]))
    let new = try BaseModel(directory: folder.file("new"))
    #expect(
      try new.matrices.embedding.bytes(in: Int(end)..<Int(end) + 1)
        == base.matrices.embedding.bytes(in: 0..<1))
    #expect(
      report.fromTokenizer == [
        "additional_chat_templates/rag.jinja", "chat_template.jinja", "tokenizer_config.json",
      ])
    #expect(report.carriedOver == ["BASE_README.md", "preprocessor_config.json"])
    #expect(
      report.leftOut == [
        "added_tokens.json", "additional_chat_templates/tools.jinja", "special_tokens_map.json",
      ])
    #expect(try folder.read("new/chat_template.jinja") == Array("new".utf8))
    #expect(throws: VocabularyError.unknownMappedToken("<pad>", isOld: true)) {
      try VocabularyReplacement(
        of: base, by: other, mappings: [TokenMapping(old: "<pad>", new: "</s>")])
    }
    #expect(throws: VocabularyError.unknownMappedToken("<pad>", isOld: false)) {
      try VocabularyReplacement(
        of: base, by: other, mappings: [TokenMapping(old: "<|endoftext|>", new: "<pad>")])
    }
  }

  @Test func `a role of an ordinary token that is gone is not to be mapped`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    let base = try BaseModel(directory: directory)
    let tokenizer = try OtherTokenizer.random(seed: 1)
    let other = try tokenizer.write("other", in: folder)
    let newIDs = try TokenCorrespondence(of: tokenizer, to: base.tokenizer).newIDs
    let gone = try #require(newIDs.firstIndex(of: nil))
    try folder.write("base/generation_config.json", #"{"pad_token_id": \#(gone)}"#)
    let error = VocabularyError.roleWithoutToken(
      path: Path.join(directory, "generation_config.json"), key: "pad_token_id",
      token: try #require(base.tokenizer.readableText(of: TokenID(gone))), isAdded: false)
    #expect(throws: error) {
      try VocabularyReplacement(of: BaseModel(directory: directory), by: other)
    }
    #expect(!"\(error)".contains("--map-token"))
  }

  @Test func `two tokens that become one stand once in a list`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.specialTokens = ["<|endoftext|>", "<|end|>"]
    let directory = try model.write(to: folder)
    try folder.write("base/generation_config.json", #"{"eos_token_id": [0, 1]}"#)
    let other = try OtherTokenizer.random(seed: 1, specialTokens: ["</s>"])
      .write("other", in: folder)
    let replacement = try VocabularyReplacement(
      of: BaseModel(directory: directory), by: other,
      mappings: [
        TokenMapping(old: "<|endoftext|>", new: "</s>"), TokenMapping(old: "<|end|>", new: "</s>"),
      ])
    _ = try replacement.write(to: folder.file("new"), force: false)
    let generation = try JSONValue(parsing: folder.read("new/generation_config.json"))
    #expect(generation["eos_token_id"] == [0])
    #expect(replacement.correspondence.baseIDs[0] == 0)
  }

  @Test func `an ordinary token never gets the row of an added one`() throws {
    // "the" is added in the base, and an ordinary token in the other tokenizer.
    func tokenizer(_ added: [AddedToken], _ words: [String]) throws -> Tokenizer {
      let tokens = try TokenTable((0...255).map { [UInt8($0)] } + words.map { Array($0.utf8) })
      return try Tokenizer(
        model: BPEModel(tokens: tokens, merges: [], semantics: .merges), pattern: .none,
        addedTokens: added)
    }
    let base = try tokenizer([AddedToken("the", id: 257)], ["xx"])
    let other = try tokenizer([AddedToken("xx", id: 257)], ["the"])
    let found = try TokenCorrespondence(of: other, to: base)
    #expect(found.baseIDs[256] == nil && found.baseIDs[257] == nil)
    #expect(found.newIDs[256] == nil && found.newIDs[257] == nil && found.droppedCount == 2)
    #expect((0..<2).map { found.tokens.id(of: $0) } == [256, 257])
    #expect(Array(found.tokens.pieces(of: 0)) == "the".utf8.map { TokenID($0) })
    #expect(found.tokens.index(of: 257) == 1 && found.tokens.index(of: 258) == nil)
    #expect(found.baseIDs[65] == 65 && found.shared.count == 256)
  }

  @Test func `a hole and fillers are the mean, and rows are a multiple`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let whole = try OtherTokenizer.random(seed: 1)
    // Every ID twice as large: one of two has no token.
    let sparse = try OtherTokenizer.permuted(whole, (0..<320).map { TokenID(2 * $0) })
    var options = ExtensionOptions()
    options.rowMultiple = 100
    _ = try VocabularyReplacement(
      of: base, by: sparse.write("other", in: folder), options: options
    ).write(to: folder.file("new"), force: false)
    let new = try Checkpoint(directory: folder.file("new"))
    let embedding = try new.tokenMatrices().embedding
    #expect(embedding.rowCount == 700 && new.configuration.vocabularySize == 700)
    let mean = try MatrixStatistics(of: base.matrices.embedding, rows: base.tokenRows).mean
    let filler = embedding.elementType.bytes(of: mean.map { Float($0) })
    for row in [1, 3, 637] + Array(639..<700) {
      #expect(try embedding.bytes(in: row..<row + 1) == filler, "row \(row)")
    }
  }

  @Test func `what was replaced is neither restored nor made again by its record`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let other = try OtherTokenizer.random(seed: 1).write("other", in: folder)
    _ = try VocabularyReplacement(of: base, by: other).write(to: folder.file("new"), force: false)
    let path = folder.file("new/extension.json")
    #expect(throws: VocabularyError.tokenizerWasReplaced(path: path)) {
      try ModelRestoration(of: folder.file("new"))
    }
    #expect(throws: VocabularyError.tokenizerWasReplaced(path: path)) {
      try ExtensionDelta(contentsOf: path)
    }
    // It is extended and restored like any other model.
    let new = try BaseModel(directory: folder.file("new"))
    _ = try VocabularyExtension(of: new, tokens: new.select(5).tokens)
      .write(to: folder.file("extended"), force: false)
    try ModelRestoration(of: folder.file("extended")).write(
      to: folder.file("again"), force: false)
    #expect(
      try folder.read("new/model.safetensors") == folder.read("again/model.safetensors"))
    #expect(try folder.read("new/extension.json") == folder.read("again/extension.json"))
  }

  @Test func `tokens of characters are refused`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let other = fixturePath("sentencepiece/llama.model")
    #expect(throws: VocabularyError.tokensOfCharacters(path: other)) {
      try VocabularyReplacement(of: base, by: other)
    }
  }
}
