import Synchronization
import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

/// Methods that go by vectors of words.
@Suite struct VectorMethodTests {
  static let methods = InitializationMethod.allCases.filter(\.usesVectors)
  static let dimension = 6

  /// A small base with new tokens, and what there is to know about them.
  struct Material: ~Copyable {
    let folder: TemporaryDirectory
    let base: BaseModel
    let tokens: NewTokens
    let extended: Tokenizer
    var vectors: VectorInputs

    init() throws {
      var model = SmallModel()
      model.type = .f32
      let folder = try TemporaryDirectory()
      let base = try BaseModel(directory: model.write(to: folder))
      let selection = try base.select(40)
      var vectors = VectorInputs(target: try VectorMethodTests.words(SmallModel.target, seed: 1))
      vectors.source = try VectorMethodTests.words(SmallModel.english, seed: 2)
      self.folder = folder
      self.base = base
      tokens = selection.tokens
      extended = selection.tokenizer
      self.vectors = vectors
    }

    var context: InitializationContext {
      get throws {
        let matrix = base.matrices.embedding
        return InitializationContext(
          tokens: tokens, tokenizer: base.tokenizer, matrix: matrix, tokenRows: base.tokenRows,
          statistics: try MatrixStatistics(of: matrix, rows: base.tokenRows),
          initializerRange: 0.02)
      }
    }

    func recipes(
      _ method: InitializationMethod, seed: UInt64 = 0,
      _ change: (inout VectorInputs) throws -> Void = { _ in }
    ) throws -> RowRecipes {
      var inputs = InitializationInputs()
      var vectors = vectors
      vectors.vectorless = .pieces
      try change(&vectors)
      inputs.vectors = vectors
      return try method.initializer(from: inputs).recipes(for: .input, in: context, seed: seed)
    }

    func rows(_ recipes: RowRecipes) throws -> [Float] {
      let context = try context
      let synthesizer = try RowSynthesizer(
        recipes: recipes, base: context.matrix, tokenRows: context.tokenRows,
        statistics: context.statistics)
      return try synthesizer.rows(in: 0..<recipes.count)
    }
  }

  /// Random vectors of the words of a text, with n-grams.
  static func words(_ text: String, seed: UInt64, grams: Bool = true) throws -> WordVectors {
    var random = SplitMix64(seed: seed)
    var words: [[UInt8]] = []
    for word in text.split(separator: " ").map({ Array($0.utf8) }) where !words.contains(word) {
      words.append(word)
    }
    func rows(_ count: Int) -> [Float] {
      (0..<count * dimension).map { _ in Float(random.normal()) }
    }
    var vectors = try WordVectors(
      words: words, rows: rows(words.count), dimension: dimension,
      counts: words.indices.map { UInt64(words.count - $0) })
    if grams {
      vectors.subwords = SubwordVectors(
        minimumLength: 1, maximumLength: 3, bucketCount: 97, rows: rows(97))
    }
    return vectors
  }

  /// The same vectors with components in another order and one of them turned around.
  static func rotated(_ vectors: WordVectors) -> WordVectors {
    func moved(_ rows: [Float]) -> [Float] {
      rows.indices.map { index in
        let (row, i) = (index / dimension, index % dimension)
        let value = rows[row * dimension + (i + 2) % dimension]
        return i == 1 ? -value : value
      }
    }
    var result = vectors
    result.rows = moved(vectors.rows)
    if var subwords = vectors.subwords {
      subwords.rows = moved(subwords.rows)
      result.subwords = subwords
    }
    return result
  }

  private func expectEqual(_ a: RowRecipes, _ b: RowRecipes, _ comment: String) {
    #expect(a.count == b.count)
    for (x, y) in zip(a, b) {
      #expect(x.terms.map(\.row) == y.terms.map(\.row), "\(comment)")
      for (s, t) in zip(x.terms, y.terms) {
        #expect(abs(s.weight - t.weight) < 1e-4, "\(comment)")
      }
    }
  }

  @Test(arguments: methods)
  func `rows with vectors are in the hull`(method: InitializationMethod) throws {
    let material = try Material()
    let recipes = try material.recipes(method)
    #expect(recipes.count == 40 && recipes.areConvex)
    // Tokens have vectors, so these are not all means of pieces.
    #expect(recipes.count { $0.terms.count > 4 } > 10)
    let base = try material.base.matrices.embedding.floats(in: 0..<material.base.rowCount)
    let rows = try material.rows(recipes)
    var random = SplitMix64(seed: 3)
    for _ in 0..<300 {
      let direction = (0..<8).map { _ in random.normal() }
      let (old, new) = (products(base, direction), products(rows, direction))
      let slack = 1e-5 * (1 + max(-old.min()!, old.max()!))
      #expect(new.min()! >= old.min()! - slack && new.max()! <= old.max()! + slack)
    }
  }

  @Test(arguments: methods)
  func `methods declare whether they stay in the hull`(method: InitializationMethod) throws {
    let material = try Material()
    for vectorless in VectorlessRows.allCases {
      var vectors = material.vectors
      vectors.vectorless = vectorless
      var inputs = InitializationInputs()
      inputs.vectors = vectors
      #expect(try method.initializer(from: inputs).staysInHull == (vectorless == .pieces))
    }
    #expect(
      throws: VocabularyError.missingInput(method: method, input: "word vectors (--vectors)")
    ) { _ = try method.initializer() }
  }

  @Test(arguments: methods)
  func `tokens without a vector get noise, and the same for the same seed`(
    method: InitializationMethod
  ) throws {
    let material = try Material()
    func recipes(_ seed: UInt64) throws -> RowRecipes {
      try material.recipes(method, seed: seed) { $0.vectorless = .normal }
    }
    let first = try recipes(1)
    let vectorless = first.indices.filter { first[$0].terms.isEmpty }
    // Pieces of characters have none.
    #expect(!vectorless.isEmpty && vectorless.count < 40)
    #expect(!first.areConvex)
    #expect(try recipes(1) == first)
    let other = try recipes(2)
    let rows = try material.rows(first)
    let otherRows = try material.rows(other)
    for index in first.indices {
      let isNoisy = first[index].terms.isEmpty
      let range = index * 8..<(index + 1) * 8
      #expect((rows[range] != otherRows[range]) == isNoisy)
      #expect(first[index] == other[index] && first[index].hasNoise == isNoisy)
    }
  }

  @Test(arguments: methods)
  func `rotating all vectors changes nothing`(method: InitializationMethod) throws {
    let material = try Material()
    let turned = try material.recipes(method) { vectors in
      vectors.target = Self.rotated(vectors.target)
      vectors.source = vectors.source.map(Self.rotated)
    }
    expectEqual(try material.recipes(method), turned, "\(method)")
  }

  /// The alignment takes back whatever rotation the source vectors come in.
  @Test(arguments: [InitializationMethod.wechsel, .ofa])
  func `with a dictionary the source alone may be rotated`(method: InitializationMethod) throws {
    let material = try Material()
    // Enough entries for the alignment to be unique.
    let target = material.vectors.target
    let source = try #require(material.vectors.source)
    let dictionary = BilingualDictionary(
      entries: (0..<15).map {
        BilingualDictionary.Entry(source: source.word(at: $0), target: target.word(at: $0))
      })
    let plain = try material.recipes(method) { $0.dictionary = dictionary }
    let turned = try material.recipes(method) { vectors in
      vectors.dictionary = dictionary
      vectors.source = Self.rotated(source)
    }
    expectEqual(plain, turned, "\(method)")
    #expect(try material.recipes(method) != plain)
  }

  @Test func `renumbered base tokens give renumbered recipes`() throws {
    var random = SplitMix64(seed: 4)
    let rows = (0..<30).map { _ in (0..<5).map { _ in Float(random.normal()) } }
    let target = TokenVectors(
      tokens: [100, 101], rows: (0..<10).map { _ in Float(random.normal()) }, dimension: 5)
    func moved(_ i: Int) -> Int { (7 * i + 3) % 30 }
    var permuted = rows
    for i in 0..<30 { permuted[moved(i)] = rows[i] }
    let ids = (0..<30).map { TokenID($0) }
    let words = try WordVectors(words: [[1]], rows: [1], dimension: 1)
    let focus = FOCUSInitializer(VectorInputs(target: words))
    func recipes(_ rows: [[Float]]) throws -> [[TokenID: RowRecipe]] {
      let source = TokenVectors(tokens: ids, rows: rows.flatMap { $0 }, dimension: 5)
      return [
        try neighborRecipes(
          for: target, among: source, count: 4, temperature: 0.1, progress: nil),
        try focus.recipes(for: target, among: source),
      ]
    }
    for (a, b) in zip(try recipes(rows), try recipes(permuted)) {
      for token in [TokenID(100), 101] {
        let first = try #require(a[token]).terms.map { (moved($0.row), $0.weight) }
        let second = try #require(b[token]).terms.map { ($0.row, $0.weight) }
        let (x, y) = (first.sorted { $0.0 < $1.0 }, second.sorted { $0.0 < $1.0 })
        #expect(x.map(\.0) == y.map(\.0))
        for (s, t) in zip(x, y) { #expect(abs(s.1 - t.1) < 1e-5) }
      }
    }
  }

  @Test func `pieces of characters have no vector and never stand for each other`() throws {
    let material = try Material()
    let bytes = (0..<TokenID(256)).filter { material.base.tokenizer.bytes(of: $0) != nil }
    let found = TokenVectors(
      texts: bytes, of: material.base.tokenizer, in: material.vectors.target)
    for token in found.tokens {
      let text = try #require(material.base.tokenizer.bytes(of: token))
      #expect(text.allSatisfy { $0 < 0x80 } && text != [0x20])
    }
    #expect(TokenVectors.word(of: Array("\u{3000} a b\n".utf8)) == Array("a b".utf8))
    #expect(TokenVectors.word(of: [0x20, 0x0A]) == nil)
    #expect(TokenVectors.word(of: [0xE0, 0xA4]) == nil)
  }

  /// By the definition, with words that are encoded one by one.
  @Test(arguments: TokenVectors.WordWeights.allCases)
  func `tokens get the mean of the words they stand in`(
    weights: TokenVectors.WordWeights
  ) throws {
    let material = try Material()
    let words = try Self.words(SmallModel.english + " ÉTÉ été", seed: 7, grams: false)
    let tokenizer = material.base.tokenizer
    let ids = (0..<TokenID(tokenizer.vocabularySize)).map { $0 }
    let found = try TokenVectors(
      wordsWith: ids, of: tokenizer, in: words, weights: weights)
    var checked = 0
    for id in ids {
      var sum = [Double](repeating: 0, count: Self.dimension)
      var total = 0.0
      for index in 0..<words.count {
        let word = String(decoding: words.word(at: index), as: UTF8.self)
        var variants = [word, " " + word]
        if weights == .uniform {
          let capital = word.prefix(1).uppercased() + word.dropFirst().lowercased()
          variants += [capital, " " + capital]
        }
        for variant in variants where try tokenizer.encode(variant).contains(id) {
          let weight = weights == .uniform ? 1 : Double(words.counts[index])
          total += weight
          for i in sum.indices { sum[i] += weight * Double(words.vector(at: index)[i]) }
        }
      }
      let place = found.tokens.firstIndex(of: id)
      #expect((place == nil) == (total == 0))
      guard let place else { continue }
      checked += 1
      for i in sum.indices {
        #expect(abs(Double(found.rows[place * Self.dimension + i]) - sum[i] / total) < 1e-5)
      }
    }
    #expect(checked > 20)
  }

  @Test func `a factorization of full rank is none, and one of low rank has no more dimensions`()
    throws
  {
    let material = try Material()
    let plain = try material.recipes(.ofa)
    let full = try material.recipes(.ofa) { $0.rank = 8 }
    #expect(full == plain)
    let low = try material.recipes(.ofa) { $0.rank = 2 }
    #expect(low.map(\.terms) == plain.map(\.terms) && !low.areConvex)
    let factors = try MatrixFactorization(
      of: material.base.matrices.embedding, rows: material.base.tokenRows, rank: 2)
    let rows = try material.rows(low)
    for (a, b) in zip(factors.projections(of: rows), rows) { #expect(abs(a - b) < 1e-5) }
    for (a, b) in zip(factors.projections(of: try material.rows(plain)), rows) {
      #expect(abs(a - b) < 1e-5)
    }
    #expect(throws: VocabularyError.wordVectors(.rank(9, limit: 8))) {
      _ = try material.recipes(.ofa) { $0.rank = 9 }
    }
  }

  @Test func `vectors that tell nothing apart are refused before they fill the memory`() throws {
    let words = try WordVectors(words: [[1]], rows: [1], dimension: 1)
    let focus = FOCUSInitializer(VectorInputs(target: words))
    let same = TokenVectors(
      tokens: (0..<100).map { $0 }, rows: [Float](repeating: 1, count: 200), dimension: 2)
    let new = TokenVectors(tokens: [100, 101], rows: [1, 1, 1, 1], dimension: 2)
    #expect(throws: WordVectorError.supportTooLarge(meanTermCount: 100, termLimit: 150)) {
      _ = try focus.recipes(for: new, among: same, termLimit: 150)
    }
    // A block that could go beyond the limit is not begun.
    let many = TokenVectors(
      tokens: (100..<400).map { $0 }, rows: [Float](repeating: 1, count: 600), dimension: 2)
    let completed = Mutex<[Int]>([])
    var inputs = VectorInputs(target: words)
    inputs.progress = { update in completed.withLock { $0.append(update.completed) } }
    #expect(throws: WordVectorError.supportTooLarge(meanTermCount: 100, termLimit: 20_000)) {
      _ = try FOCUSInitializer(inputs).recipes(for: many, among: same, termLimit: 20_000)
    }
    #expect(completed.withLock { $0 } == [200])
    let recipe = try #require(try focus.recipes(for: new, among: same)[100])
    #expect(recipe.terms.count == 100 && recipe.isConvex)
  }

  @Test func `vectors of another language are refused`() throws {
    let material = try Material()
    #expect(throws: VocabularyError.wordVectors(.noTokenVectors(side: "new tokens"))) {
      _ = try material.recipes(.focus) { $0.targetUnit = .tokens }
    }
    #expect(throws: VocabularyError.wordVectors(.dimensionsDiffer(source: 1, target: 6))) {
      _ = try material.recipes(.wechsel) {
        $0.source = try WordVectors(words: [[1]], rows: [1], dimension: 1)
      }
    }
  }

  @Test func `rows that were never trained are no anchors`() throws {
    var values = (0..<80).map { Float($0 % 7) }
    for i in 0..<8 { values[16 + i] = 0 }
    let base = try RandomMatrix(values: values, width: 8)
    let context = try base.matrix.context(for: .random(count: 1, baseCount: 10))
    #expect(try context.untrainedRows() == [2])
    // Rows as long as at a random start are none either: 0.02 * sqrt(8), give or take three quarters.
    for (scale, isUntrained) in [(0.2, false), (0.3, true), (1, true), (1.7, true), (1.8, false)] {
      for i in 0..<8 { values[40 + i] = Float(scale * 0.02) * (i % 2 == 0 ? 1 : -1) }
      let base = try RandomMatrix(values: values, width: 8)
      let context = try base.matrix.context(
        for: .random(count: 1, baseCount: 10), initializerRange: 0.02)
      #expect(try context.untrainedRows() == (isUntrained ? [2, 5] : [2]), "\(scale)")
      let audit = try RowAudit(
        of: base.matrix, role: "embedding", tokenizer: nil, initializerRange: 0.02)
      #expect(audit.results.last?.findingCount == (isUntrained ? 1 : 0), "\(scale)")
    }
  }

  @Test func `rows that were never trained are left out as anchors where that is asked for`() throws
  {
    let material = try Material()
    let context = try material.context
    let all = try material.recipes(.focus)
    // The anchor that weighs the most where many are a row is not trained.
    let longest = try #require(all.max { $0.terms.count < $1.terms.count }).terms
    let row = try #require(longest.max { $0.weight < $1.weight }?.row)
    #expect(longest.count > 4)
    var values = try context.matrix.floats(in: 0..<context.matrix.rowCount)
    for i in 0..<8 { values[row * 8 + i] = 0 }
    let base = try RandomMatrix(values: values, width: 8)
    func recipes(_ leavesOutUntrained: Bool) throws -> RowRecipes {
      var vectors = material.vectors
      vectors.vectorless = .pieces
      vectors.leavesOutUntrained = leavesOutUntrained
      let method = FOCUSInitializer(vectors)
      #expect(method.settings["leaves_out_untrained"]?.bool == leavesOutUntrained)
      return try method.recipes(
        for: .input,
        in: InitializationContext(
          tokens: context.tokens, tokenizer: context.tokenizer, matrix: base.matrix,
          tokenRows: context.tokenRows,
          statistics: try MatrixStatistics(of: base.matrix, rows: context.tokenRows),
          initializerRange: nil), seed: 0)
    }
    #expect(try recipes(false) == all)
    let without = try recipes(true)
    #expect(without != all && without.areConvex)
    // Tokens without a vector are still made of their pieces.
    for (recipe, old) in zip(without, all) where recipe != old {
      #expect(!recipe.terms.contains { $0.row == row })
    }
  }

  @Test(arguments: methods)
  func `a model is extended by vectors`(method: InitializationMethod) throws {
    let material = try Material()
    var options = ExtensionOptions()
    options.inputMethod = method
    var inputs = InitializationInputs()
    inputs.vectors = material.vectors
    let output = material.folder.file("new")
    let report = try VocabularyExtension(
      of: material.base, tokens: material.tokens, options: options, inputs: inputs
    ).write(to: output, force: false)
    #expect(report.newTokenCount == 40)
    let record = try JSONValue(
      parsing: readFile(output + "/extension.json", limit: 1 << 24))
    let settings = try #require(record["initialization"]?["input"]?["settings"])
    #expect(settings["dimension"]?.int == Self.dimension)
  }

  @Test func `tokens are found by their spelling`() throws {
    let material = try Material()
    let ids = (0..<material.tokens.count).map { material.tokens.id(of: $0) }
    let spellings = try ids.map { try #require(material.extended.spelling(of: $0)) }
    let words = try WordVectors(
      words: spellings, rows: ids.map { Float($0) }, dimension: 1)
    let found = TokenVectors(spellings: ids, of: material.extended, in: words)
    #expect(found.tokens == ids && found.rows == ids.map { Float($0) })
  }
}
