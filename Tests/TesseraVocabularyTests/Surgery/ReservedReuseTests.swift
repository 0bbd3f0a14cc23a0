import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Extensions whose new tokens take the places of reserved ones.
@Suite struct ReservedReuseTests {
  /// A base, and new tokens that take the places of its reserved tokens first.
  private static func selection(
    _ count: Int, in folder: borrowing TemporaryDirectory, padding: PaddingPolicy = .reuse,
    tied: Bool = true
  ) throws -> (base: BaseModel, selection: TokenSelection) {
    var model = ReservedModel()
    model.model.tied = tied
    if !tied { model.model.shardSize = 3_000 }
    let base = try BaseModel(directory: model.write(to: folder))
    var options = TokenSelectionOptions(newTokenCount: count)
    options.minimumFrequency = 1
    let selection = try TokenSelection(
      base: base.tokenizer, counts: SmallModel.counts(SmallModel.target, times: 10),
      options: options,
      ids: base.newIDs(padding: padding, reserved: ReservedTokens(of: base).ids))
    return (base, selection)
  }

  /// A row of a reserved token is in recipes of a first extension, and its ID that of another token after a
  /// second one.
  @Test func `an old weight is not told by the token that has taken its ID`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: ReservedModel().write(to: folder))
    let taken = try #require(ReservedModel.free.first)
    func selection(of base: BaseModel, _ count: Int, _ ids: NewTokenIDs) throws -> NewTokens {
      var options = TokenSelectionOptions(newTokenCount: count)
      options.minimumFrequency = 1
      return try TokenSelection(
        base: base.tokenizer, counts: SmallModel.counts(SmallModel.target, times: 10),
        options: options, ids: ids
      ).tokens
    }
    let tokens = try selection(of: base, 2, base.newIDs(padding: .reuse))
    var options = ExtensionOptions()
    options.inputMethod = .reprogram
    var inputs = InitializationInputs()
    inputs.learnedRows[.reprogram] = LearnedRowsInitializer(
      input: RowRecipes(for: tokens) { _ in .mean(of: [Int(taken), 5]) })
    _ = try VocabularyExtension(of: base, tokens: tokens, options: options, inputs: inputs)
      .write(to: folder.file("first"), force: false)
    let id = tokens.id(of: 0)
    let first = try BaseModel(directory: folder.file("first"))
    let before = try TokenOrigins(modelDirectory: folder.file("first"))?.origin(of: id)
    #expect(before?.token(ofBaseRow: Int(taken)) == taken)
    let ids = first.newIDs(padding: .reuse, reserved: [taken])
    _ = try VocabularyExtension(of: first, tokens: selection(of: first, 1, ids))
      .write(to: folder.file("second"), force: false)
    let origins = try #require(try TokenOrigins(modelDirectory: folder.file("second")))
    #expect(try origins.origin(of: taken)?.path == folder.file("second/extension.json"))
    let after = try #require(try origins.origin(of: id))
    #expect(after.token(ofBaseRow: Int(taken)) == nil)
    #expect(after.token(ofBaseRow: 5) == 5)
  }

  @Test func `reserved IDs come first, then padding, then new rows`() throws {
    let folder = try TemporaryDirectory()
    let (base, selection) = try Self.selection(15, in: folder)
    let tokens = selection.tokens
    #expect(
      (0..<15).map { tokens.id(of: $0) } == ReservedModel.free + [311, 312, 313, 314, 315, 316])
    #expect(tokens.reusedIDs == ReservedModel.free)
    let plan = try VocabularyExtension(of: base, tokens: tokens)
    #expect(plan.layout.rowCount == base.rowCount + 3)
    #expect(plan.growth.rowCount == 3)
    let kept = try Self.selection(12, in: TemporaryDirectory(), padding: .keep)
    #expect((9..<12).map { kept.selection.tokens.id(of: $0) } == [314, 315, 316])
  }

  @Test(arguments: [true, false], InitializationMethod.allCases)
  func `nothing else changes, whatever the method`(
    tied: Bool, method: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    let (base, selection) = try Self.selection(14, in: folder, tied: tied)
    let tokens = selection.tokens
    var options = ExtensionOptions()
    options.inputMethod = method
    // Writing audits what is written: old rows, reachability, tokens.
    _ = try VocabularyExtension(
      of: base, tokens: tokens, options: options,
      inputs: SmallModel.inputs(donor: SmallModel.donor(of: base, in: folder), tokens: tokens)
    ).write(to: folder.file("new"), force: false)
    let new = try BaseModel(directory: folder.file("new"))
    #expect(new.rowCount == base.rowCount + 2)
    for (old, found) in zip(base.matrices.all, new.matrices.all) {
      for row in 0..<base.rowCount where tokens.index(of: TokenID(row)) == nil {
        #expect(try old.bytes(in: row..<row + 1) == found.bytes(in: row..<row + 1))
      }
    }
    // No row of a token that is gone has a part in a new one.
    let record = try JSONValue(parsing: folder.read("new/extension.json"))
    let reused = ReservedModel.free.map { Int($0) }
    #expect(record["reused_ids"]?.array?.compactMap(\.int) == reused)
    #expect(record["first_id"]?.int == 311)
    for token in try #require(record["tokens"]?.array) {
      for role in ["input", "output"] {
        for term in token[role]?["terms"]?.array ?? [] {
          #expect(!reused.contains(try #require(term.array?[0].int)))
        }
      }
    }
    try Self.checkUndone(folder)
    let delta = try ExtensionDelta(contentsOf: folder.file("new/extension.json"))
    _ = try delta.vocabularyExtension(of: base).write(to: folder.file("again"), force: false)
    #expect(try content("again/", of: folder) == content("new/", of: folder))
  }

  /// Sees to it that the base is made again out of `new`, byte for byte.
  private static func checkUndone(_ folder: borrowing TemporaryDirectory) throws {
    try ModelRestoration(of: folder.file("new")).write(to: folder.file("undone"), force: true)
    let (expected, found) = (try content("base/", of: folder), try content("undone/", of: folder))
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (file, bytes) in expected { #expect(found[file] == bytes, "\(file)") }
  }

  @Test(arguments: 1...12)
  func `any number of reserved tokens gives way`(count: Int) throws {
    let folder = try TemporaryDirectory()
    let (base, selection) = try Self.selection(count, in: folder)
    var options = ExtensionOptions()
    options.rowMultiple = 8
    _ = try VocabularyExtension(of: base, tokens: selection.tokens, options: options)
      .write(to: folder.file("new"), force: false)
    try Self.checkUndone(folder)
    let tokenizer = try Tokenizer(contentsOf: folder.file("new"))
    let reused = ReservedModel.free.prefix(count)
    let gone = Set(ReservedModel.tokens.filter { reused.contains($0.id) }.map(\.content))
    #expect(
      tokenizer.addedTokens.map(\.content)
        == base.tokenizer.addedTokens.map(\.content).filter { !gone.contains($0) })
    // Each new token is what its text encodes to, alone and in the text.
    for i in 0..<selection.tokens.count {
      let (id, bytes) = (selection.tokens.id(of: i), selection.tokens.bytes(of: i))
      #expect(tokenizer.bytes(of: id) == bytes)
    }
    let text = Array((SmallModel.target + SmallModel.english).utf8)
    let (before, after) = (try base.tokenizer.encode(text), try tokenizer.encode(text))
    #expect(after == (try selection.tokenizer.encode(text)))
    #expect(try tokenizer.decode(after) == text)
    #expect(after.contains { selection.tokens.index(of: $0) != nil })
    let expanded = after.flatMap { id in
      selection.tokens.index(of: id).map { Array(selection.tokens.pieces(of: $0)) } ?? [id]
    }
    #expect(expanded == before)
    // Text without new tokens keeps its IDs.
    let old = "when the light is low, <|endoftext|> birds walk <|reserved_special_token_1|>"
    #expect(try tokenizer.encode(old) == base.tokenizer.encode(old))
  }

  @Test func `lists of added tokens have none that is gone`() throws {
    let folder = try TemporaryDirectory()
    let (base, selection) = try Self.selection(6, in: folder)
    _ = try VocabularyExtension(of: base, tokens: selection.tokens)
      .write(to: folder.file("new"), force: false)
    let configuration = try JSONValue(parsing: folder.read("new/tokenizer_config.json"))
    #expect(
      configuration["added_tokens_decoder"]?.object?.keys == ["306", "307", "308", "309", "310"])
    #expect(configuration["additional_special_tokens"] == ["<|endoftext|>"])
    #expect(configuration["chat_template"]?.string?.contains("token_1") == true)
    let map = try JSONValue(parsing: folder.read("new/special_tokens_map.json"))
    #expect(map == ["eos_token": "<|endoftext|>", "additional_special_tokens": []])
    let added = try JSONValue(parsing: folder.read("new/added_tokens.json"))
    #expect(added == ["<|endoftext|>": 304])
    let text = String(decoding: try folder.read("new/tokenizer.json"), as: UTF8.self)
    #expect(!text.contains("unused"))
    // Files that name none of them are as they were.
    #expect(
      try folder.read("new/generation_config.json") == folder.read("base/generation_config.json"))
  }

  @Test func `origins and a second extension know reused IDs`() throws {
    let folder = try TemporaryDirectory()
    let (base, selection) = try Self.selection(7, in: folder)
    _ = try VocabularyExtension(of: base, tokens: selection.tokens)
      .write(to: folder.file("new"), force: false)
    let origins = try #require(try TokenOrigins(modelDirectory: folder.file("new")))
    let origin = try #require(try origins.origin(of: 272))
    #expect(origin.pieces == Array(selection.tokens.pieces(of: 2)))
    #expect(try origins.origin(of: 309) == nil)

    let first = try BaseModel(directory: folder.file("new"))
    let left = try ReservedTokens(of: first).ids
    #expect(left == [309, 310])
    var options = TokenSelectionOptions(newTokenCount: 5)
    options.minimumFrequency = 1
    let more = try TokenSelection(
      base: first.tokenizer, counts: SmallModel.counts(SmallModel.target, times: 10),
      options: options, ids: first.newIDs(padding: .reuse, reserved: left))
    _ = try VocabularyExtension(of: first, tokens: more.tokens)
      .write(to: folder.file("second"), force: false)
    try ModelRestoration(of: folder.file("second"))
      .write(to: folder.file("undone"), force: false)
    #expect(try content("undone/", of: folder) == content("new/", of: folder))
    let both = try #require(try TokenOrigins(modelDirectory: folder.file("second")))
    #expect(try both.origin(of: 272)?.pieces == origin.pieces)
    #expect(try both.origin(of: 310)?.pieces == Array(more.tokens.pieces(of: 1)))
  }

  @Test(arguments: [
    ("[270, 270]", "there is no usable \"reused_ids\""),
    ("[271, 270]", "there is no usable \"reused_ids\""),
    ("[-1]", "there is no usable \"reused_ids\""), ("3", "there is no usable \"reused_ids\""),
    ("[311]", "there is no usable \"reused_ids\""),
    ("[1, 2, 3, 4, 5, 6, 7]", "there is no usable \"reused_ids\""),
    (
      "[5]",
      "\"reused_ids\" cannot be reused: the ID 5 is not that of an added token that merges, "
        + "post-processing and padding do without"
    ),
    ("[271]", "\"merges\" make 1 tokens, and not 6"),
  ])
  func `a record with other IDs is refused`(ids: String, reason: String) throws {
    let folder = try TemporaryDirectory()
    let (base, selection) = try Self.selection(6, in: folder)
    _ = try VocabularyExtension(of: base, tokens: selection.tokens)
      .write(to: folder.file("new"), force: false)
    let path = folder.file("new/extension.json")
    var record = try JSONValue(parsing: folder.read("new/extension.json"))
    record["reused_ids"] = try JSONValue(parsing: Array(ids.utf8))
    try folder.write("new/extension.json", record.serialized(pretty: true))
    #expect(throws: VocabularyError.malformedRecord(path: path, reason: reason)) {
      _ = try ExtensionDelta(contentsOf: path).vocabularyExtension(of: base)
    }
  }
}
