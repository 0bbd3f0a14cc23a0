import Synchronization
import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct VocabularyExtensionTests {
  static let embedding = "model.embed_tokens.weight"
  static let head = "lm_head.weight"

  @Test(arguments: [true, false], InitializationMethod.allCases)
  func `a model is extended and nothing old changes`(
    tied: Bool, method: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = tied
    model.shardSize = tied ? 1 << 30 : 3_000
    let base = try BaseModel(directory: model.write(to: folder))
    #expect((base.checkpoint.shards.count > 1) == !tied)
    let selection = try base.select(40)
    var options = ExtensionOptions()
    options.inputMethod = method
    let output = folder.file("new")
    let report = try VocabularyExtension(
      of: base, tokens: selection.tokens, options: options,
      inputs: SmallModel.inputs(
        donor: SmallModel.donor(of: base, in: folder), tokens: selection.tokens)
    ).write(to: output, force: false)
    #expect(report.newTokenCount == 40)
    #expect(report.rowCount == base.rowCount + 40)
    #expect(report.matrices.count == (tied ? 1 : 2))

    let new = try BaseModel(directory: output)
    #expect(new.checkpoint.configuration.vocabularySize == base.rowCount + 40)
    #expect(new.tokenizer.vocabularySize == new.rowCount)
    #expect(new.checkpoint.shardNames == base.checkpoint.shardNames)
    for shard in base.checkpoint.shards {
      for tensor in shard.header.tensors {
        let (index, found) = try #require(new.checkpoint.location(of: tensor.name))
        let grows = [Self.embedding, Self.head].contains(tensor.name)
        #expect(
          found.shape == (grows ? [new.rowCount, 8] : tensor.shape) && found.type == tensor.type)
        #expect(
          try shard.bytes(of: tensor, in: 0..<tensor.size)
            == new.checkpoint.shards[index].bytes(of: found, in: 0..<tensor.size))
      }
    }
    // A rank file is there only where ranks say what the merges say.
    let names = try folder.listing().filter {
      $0.hasPrefix("new/") && !$0.hasPrefix("new/extension/") && !$0.hasSuffix(".tiktoken")
    }
    let expected = base.checkpoint.files.filter { !$0.hasSuffix(".tiktoken") }.map { "new/" + $0 }
    #expect(names.sorted() == (expected + ["new/extension.json"]).sorted())
  }

  @Test func `old text keeps its tokens, new text has fewer`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let selection = try base.select(60)
    let extended = selection.tokenizer
    let old = "when the light is low, <|endoftext|> birds walk"
    #expect(try extended.encode(old) == base.tokenizer.encode(old))
    let before = try base.tokenizer.encode(SmallModel.target)
    let after = try extended.encode(SmallModel.target)
    #expect(after.count * 2 < before.count)
    #expect(try extended.decode(after) == Array(SmallModel.target.utf8))
    #expect(selection.extendedTokenCount * 2 < selection.baseTokenCount)
    #expect(selection.extendedBytesPerToken > 2 * selection.baseBytesPerToken)
    // The theorem: new tokens stand for runs of old ones.
    let expanded = after.flatMap { id in
      id < selection.tokens.ids.next
        ? [id] : Array(selection.tokens.pieces(of: Int(id - selection.tokens.ids.next)))
    }
    #expect(expanded == before)
  }

  @Test func `pieces are the base's encoding of the token's bytes`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokens = try base.select(80).tokens
    let merging = try base.tokenizer.merging()
    #expect(tokens.count == 80)
    for i in 0..<tokens.count {
      #expect(try merging.encode(tokens.bytes(of: i)) == Array(tokens.pieces(of: i)))
    }
  }

  @Test func `a new row is made of what the token was read as`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.type = .f32
    let base = try BaseModel(directory: model.write(to: folder))
    let tokens = try base.select(30).tokens
    _ = try VocabularyExtension(of: base, tokens: tokens).write(
      to: folder.file("new"), force: false)
    let new = try Checkpoint(directory: folder.file("new"))
    let old = try base.checkpoint.readTensor(Self.embedding)
    for i in 0..<30 {
      let row = try new.readRows(
        Self.embedding, in: base.rowCount + i..<base.rowCount + i + 1)
      let pieces = tokens.pieces(of: i)
      for k in 0..<8 {
        let sum = pieces.reduce(0.0) { $0 + Double(old[Int($1) * 8 + k]) }
        #expect(abs(Double(row[k]) - sum / Double(pieces.count)) < 1e-6)
      }
    }
  }

  @Test(arguments: InitializationMethod.allCases)
  func `methods whose recipes are shared make the same for both matrices`(
    method: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let base = try BaseModel(directory: model.write(to: folder))
    let tokens = try base.select(30).tokens
    let initializer = try method.initializer(
      from: SmallModel.inputs(donor: SmallModel.donor(of: base, in: folder), tokens: tokens))
    guard initializer.sharesRecipes else { return }
    let head = try #require(base.matrices.head)
    let recipes = try [(MatrixRole.input, base.matrices.embedding), (.output, head)].map {
      role, matrix in
      let context = InitializationContext(
        tokens: tokens, tokenizer: base.tokenizer, matrix: matrix, tokenRows: base.tokenRows,
        statistics: try MatrixStatistics(of: matrix, rows: base.tokenRows), initializerRange: 0.02)
      return try initializer.recipes(for: role, in: context, seed: 1)
    }
    #expect(recipes[0] == recipes[1])
  }

  @Test func `a tied head that is stored stays equal to the embedding`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.storesTiedHead = true
    let base = try BaseModel(directory: model.write(to: folder))
    var options = ExtensionOptions()
    options.inputMethod = .random
    _ = try VocabularyExtension(of: base, tokens: base.select(10).tokens, options: options)
      .write(to: folder.file("new"), force: false)
    let new = try Checkpoint(directory: folder.file("new"))
    #expect(try new.readTensor(Self.embedding) == new.readTensor(Self.head))
    #expect(try new.tokenMatrices().tied)
  }

  @Test func `input and output rows can have methods of their own`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let base = try BaseModel(directory: model.write(to: folder))
    var options = ExtensionOptions()
    options.inputMethod = .subwordMean
    options.outputMethod = .mean
    let tokens = try base.select(10).tokens
    let report = try VocabularyExtension(of: base, tokens: tokens, options: options)
      .write(to: folder.file("new"), force: false)
    #expect(report.matrices.map(\.method) == [.subwordMean, .mean])
    let new = try Checkpoint(directory: folder.file("new"))
    let n = base.rowCount
    #expect(
      try new.readRows(Self.head, in: n..<n + 1) == new.readRows(Self.head, in: n + 9..<n + 10))
    #expect(
      try new.readRows(Self.embedding, in: n..<n + 1)
        != new.readRows(Self.embedding, in: n + 9..<n + 10))
  }

  @Test func `noise differs between input and output`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let base = try BaseModel(directory: model.write(to: folder))
    var options = ExtensionOptions()
    options.inputMethod = .random
    _ = try VocabularyExtension(of: base, tokens: base.select(4).tokens, options: options)
      .write(to: folder.file("new"), force: false)
    let new = try Checkpoint(directory: folder.file("new"))
    let rows = base.rowCount..<base.rowCount + 4
    #expect(try new.readRows(Self.embedding, in: rows) != new.readRows(Self.head, in: rows))
  }

  @Test func `a tied model has no output method`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    var options = ExtensionOptions()
    options.outputMethod = .mean
    let tokens = try base.select(4).tokens
    #expect(throws: VocabularyError.tiedModelHasNoHead(method: .mean)) {
      _ = try VocabularyExtension(of: base, tokens: tokens, options: options)
    }
  }

  @Test(arguments: PaddingPolicy.allCases)
  func `padding is kept or reused, as it is said`(padding: PaddingPolicy) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.paddingCount = 20
    let base = try BaseModel(directory: model.write(to: folder))
    #expect(base.rowCount == 320)
    #expect(base.tokenRows == [0..<300])
    var options = ExtensionOptions()
    options.padding = padding
    options.rowMultiple = 64
    let tokens = try base.select(30, padding: padding).tokens
    #expect(tokens.ids.next == (padding == .keep ? 320 : 300))
    let report = try VocabularyExtension(of: base, tokens: tokens, options: options)
      .write(to: folder.file("new"), force: false)
    #expect(report.rowCount == 384)
    let new = try BaseModel(directory: folder.file("new"))
    #expect(new.tokenizer.vocabularySize == (padding == .keep ? 350 : 330))
    #expect(new.rowCount == 384)
    let kept = padding == .keep ? 320 : 300
    #expect(
      try new.matrices.embedding.bytes(in: 0..<kept)
        == base.matrices.embedding.bytes(in: 0..<kept))
  }

  @Test func `IDs have no holes unless asked for`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.paddingCount = 20
    let base = try BaseModel(directory: model.write(to: folder))
    let options = ExtensionOptions()
    #expect(options.padding == .reuse)
    let tokens = try base.select(3, padding: options.padding).tokens
    let report = try VocabularyExtension(of: base, tokens: tokens, options: options)
      .write(to: folder.file("new"), force: false)
    #expect(report.rowCount == base.rowCount)
    let new = try Tokenizer(contentsOf: folder.file("new"))
    #expect(new.vocabularySize == 303)
    #expect((0..<303).allSatisfy { new.bytes(of: TokenID($0)) != nil })
  }

  @Test(arguments: [-1, 1 << 20 + 1, .max])
  func `a number of new tokens that cannot be is refused`(count: Int) throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    #expect(throws: VocabularyError.newTokenCount(count, limit: 1 << 20)) {
      _ = try base.select(count)
    }
  }

  @Test func `adding nothing gives the base`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.paddingCount = 5
    let base = try BaseModel(directory: model.write(to: folder))
    let tokens = NewTokens(merges: [], ids: base.newIDs(padding: .reuse))
    _ = try VocabularyExtension(of: base, tokens: tokens).write(
      to: folder.file("new"), force: false)
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      #expect(try folder.read("new/" + name) == folder.read("base/" + name), "\(name)")
    }
  }

  @Test func `the same seed gives the same bytes`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let base = try BaseModel(directory: model.write(to: folder))
    let threadCount = Workers.threadCount
    defer { Workers.setThreadCount(threadCount) }
    for method in InitializationMethod.allCases {
      var options = ExtensionOptions()
      options.inputMethod = method
      options.seed = 11
      for (name, count) in [("one", 1), ("two", 2)] {
        Workers.setThreadCount(count)
        let tokens = try base.select(20).tokens
        _ = try VocabularyExtension(
          of: base, tokens: tokens, options: options,
          inputs: SmallModel.inputs(donor: SmallModel.donor(of: base, in: folder), tokens: tokens)
        ).write(to: folder.file(name), force: true)
      }
      for file in try folder.listing() where file.hasPrefix("one/") {
        #expect(try folder.read(file) == folder.read(file.replacing("one/", with: "two/")))
      }
    }
  }

  @Test func `says how far counting tokens is, before and after`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let counts = SmallModel.counts(SmallModel.target, times: 10)
    let updates = Mutex<[ProgressUpdate]>([])
    _ = try TokenSelection(
      base: base.tokenizer, counts: counts, options: TokenSelectionOptions(newTokenCount: 5),
      ids: base.newIDs(padding: .reuse),
      progress: { update in updates.withLock { $0.append(update) } })
    for phase in ["counting the base's tokens", "counting the extended tokens"] {
      let last = updates.withLock { $0.last { $0.phase == phase } }
      #expect(last?.completed == counts.count && last?.total == counts.count)
    }
  }

  @Test(arguments: [true, false])
  func `a model is extended again, and each record is there once`(keepsBase: Bool) throws {
    let folder = try TemporaryDirectory()
    var base = try BaseModel(directory: SmallModel().write(to: folder))
    for name in ["first", "second", "third"] {
      let tokens = try base.select(10).tokens
      try createDirectory(folder.file(name))
      _ = try VocabularyExtension(of: base, tokens: tokens).write(
        intoStaging: folder.file(name), keepsBase: keepsBase)
      base = try BaseModel(directory: folder.file(name))
    }
    #expect(base.rowCount == 330)
    var found: JSONValue? = try JSONValue(parsing: folder.read("third/extension.json"))
    var path = "third/extension.json"
    for first in [320, 310, 300] {
      #expect(found?["first_id"]?.int == first)
      if keepsBase {
        #expect(found?["previous"] == nil)
        path = path.replacing("extension.json", with: "extension/extension.json")
        let isLast = first == 300
        found = isLast ? .none : .some(try JSONValue(parsing: folder.read(path)))
      } else {
        found = found?["previous"]
      }
    }
    #expect(found == nil)
    if keepsBase { #expect(try !folder.listing().contains(path)) }
  }

  @Test func `the record says where each row is from`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokens = try base.select(12).tokens
    _ = try VocabularyExtension(of: base, tokens: tokens).write(
      to: folder.file("new"), force: false)
    let record = try JSONValue(parsing: folder.read("new/extension.json"))
    #expect(record["format"]?.string == "tessera-extension-1")
    #expect(record["new_tokens"]?.int == 12)
    #expect(record["initialization"]?["input"]?["method"]?.string == "subword-mean")
    #expect(record["initialization"]?["input"]?["stays_in_hull"]?.bool == true)
    #expect(record["initialization"]?["output"]?.isNull == true)
    #expect(record["merges"]?.array?.count == 12)
    let entries = try #require(record["tokens"]?.array)
    for (i, entry) in entries.enumerated() {
      #expect(entry["id"]?.int == 300 + i)
      #expect(entry["bytes"]?.string == SHA256.hexadecimal(tokens.bytes(of: i)))
      #expect(entry["pieces"]?.array?.compactMap(\.int) == tokens.pieces(of: i).map { Int($0) })
      let weights = entry["input"]?["terms"]?.array?.compactMap { $0.array?[1].double } ?? []
      #expect(abs(weights.reduce(0, +) - 1) < 1e-9)
    }
    let hash = SHA256.hexDigest(of: try folder.read("base/tokenizer.json"))
    #expect(record["base"]?["sha256"]?["tokenizer.json"]?.string == hash)
  }

  @Test func `a tokenizer that needs more rows than there are is refused`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    let other = try TemporaryDirectory()
    var options = BPETrainerOptions(vocabularySize: 310)
    options.pattern = .gpt2
    let tokenizer = try BPETrainer.train(on: SmallModel.counts(SmallModel.target), options)
      .makeTokenizer()
    try tokenizer.write(toDirectory: other.path)
    try folder.write("base/tokenizer.json", other.read("tokenizer.json"))
    #expect(
      throws: VocabularyError.tokenizerLargerThanModel(vocabularySize: 310, rowCount: 300)
    ) { _ = try BaseModel(directory: directory) }
  }

  @Test func `a corpus without frequent pairs has nothing to add`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    var options = TokenSelectionOptions(newTokenCount: 5)
    options.minimumFrequency = 1_000
    #expect(throws: VocabularyError.nothingToAdd(minimumFrequency: 1_000)) {
      _ = try TokenSelection(
        base: base.tokenizer, counts: SmallModel.counts(SmallModel.target), options: options,
        ids: NewTokenIDs(from: 300))
    }
  }
}
