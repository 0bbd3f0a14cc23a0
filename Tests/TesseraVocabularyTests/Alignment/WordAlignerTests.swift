import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct WordAlignerTests {
  /// Sentences of invented words, each with its translation word by word, of which some change places.
  private static func text(count: Int) -> [(source: [UInt8], target: [UInt8])] {
    var random = SplitMix64(seed: 4)
    return (0..<count).map { _ in
      let words = (0..<3 + random.below(6)).map { _ in random.below(40) }
      var target = words.map { "T\($0)" }
      let i = random.below(target.count - 1)
      if random.below(4) == 0 { target.swapAt(i, i + 1) }
      return (
        Array(words.map { "s\($0)" }.joined(separator: " ").utf8),
        Array(target.joined(separator: " ").utf8)
      )
    }
  }

  @Test func `a planted dictionary is found`() throws {
    let text = ParallelText(Self.text(count: 400))
    let links = try WordAligner(text).links()
    let right = links.filter { link in
      text.sourceWords[Int(link.source)].dropFirst()
        == text.targetWords[Int(link.target)].dropFirst()
    }
    let total = links.reduce(0) { $0 + $1.count }
    #expect(Double(right.reduce(0) { $0 + $1.count }) > 0.97 * Double(total))
    #expect(total > 1_500)
  }

  @Test func `one thread and two find the same links`() throws {
    let text = ParallelText(Self.text(count: 1_100))
    let threadCount = Workers.threadCount
    defer { Workers.setThreadCount(threadCount) }
    let links = try [1, 2].map { count in
      Workers.setThreadCount(count)
      return try WordAligner(text).links()
    }
    #expect(links[0] == links[1])
  }

  @Test func `the digamma function has its known values`() {
    // -gamma, and from the recurrence psi(x + 1) = psi(x) + 1 / x.
    let gamma = 0.577_215_664_901_532_9
    for (x, expected) in [
      (1.0, -gamma), (2, 1 - gamma), (0.5, -gamma - 1.386_294_361_119_890_6),
      (11, 2.928_968_253_968_254 - gamma),
    ] {
      #expect(abs(WordAligner.digamma(x) - expected) < 1e-10)
    }
  }

  @Test func `lines that are no pairs are refused`() throws {
    let folder = try TemporaryDirectory()
    try folder.write("pairs.tsv", "a b\tA B\n\nc\tC\nno tab\n")
    let corpus = try Corpus(
      paths: [folder.file("pairs.tsv")], options: CorpusOptions(documents: .lines))
    #expect(
      throws: VocabularyError.malformedParallelText(
        path: folder.file("pairs.tsv"), line: 4, tabCount: 0)
    ) { _ = try ParallelText(corpus) }
    try folder.write("pairs.tsv", "a b\tA B\n\nc\tC\n")
    let text = try ParallelText(corpus)
    #expect(text.sourceWords == ["a", "b", "c"].map { Array($0.utf8) })
    #expect(text.pairs.map(\.target) == [[0, 1], [2]])
  }

  @Test func `a token gets the rows of the words that it translates`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokens = try base.select(60).tokens
    let matrix = base.matrices.embedding
    let context = InitializationContext(
      tokens: tokens, tokenizer: base.tokenizer, matrix: matrix, tokenRows: base.tokenRows,
      statistics: try MatrixStatistics(of: matrix, rows: base.tokenRows), initializerRange: nil)
    let extended = try context.extendedTokenizer()
    let word = Array("नदी".utf8)
    let target = try extended.encode([32] + word)
    try #require(target.contains { $0 >= tokens.ids.next })
    let source = try base.tokenizer.encode(" river")
    let text = ParallelText(Array(repeating: (Array("river".utf8), word), count: 12))
    let method = TransTokenizationInitializer(text: text)
    let recipes = try method.recipes(for: .input, in: context, seed: 0)
    #expect(recipes.areConvex)
    for index in 0..<tokens.count {
      let rows = recipes[index].terms.map(\.row)
      if target.contains(tokens.id(of: index)) {
        #expect(Set(rows).isSubset(of: Set(source.map { Int($0) })))
      } else {
        #expect(recipes[index] == .mean(of: tokens.pieces(of: index).map { Int($0) }))
      }
    }
    // Two words with the same translation, one of them more often: half of a count goes to all of a
    // word's tokens alike, half to those at the same place, cell by cell of a grid.
    let other = try base.tokenizer.encode(" evening")
    let both = ParallelText(
      Array(repeating: (Array("river".utf8), word), count: 12)
        + Array(repeating: (Array("evening".utf8), word), count: 18))
    let mixed = try TransTokenizationInitializer(text: both)
      .recipes(for: .input, in: context, seed: 0)
    for index in 0..<tokens.count where target.contains(tokens.id(of: index)) {
      var weights: [Int: Double] = [:]
      for (pieces, count) in [(source, 12.0), (other, 18.0)] {
        let (n, m) = (target.count, pieces.count)
        for (i, token) in target.enumerated() where token == tokens.id(of: index) {
          for piece in pieces { weights[Int(piece), default: 0] += count / 2 / Double(m) }
          for cell in i * m..<(i + 1) * m {
            weights[Int(pieces[cell / n]), default: 0] += count / 2 / Double(m)
          }
        }
      }
      let total = weights.values.reduce(0, +)
      #expect(mixed[index].terms.map(\.row) == weights.keys.sorted())
      for term in mixed[index].terms {
        #expect(abs(term.weight - (weights[term.row] ?? 0) / total) < 1e-12)
      }
    }
    // Links that are too few tell nothing.
    let few = ParallelText(Array(repeating: (Array("river".utf8), word), count: 9))
    let rest = try TransTokenizationInitializer(text: few).recipes(
      for: .input, in: context, seed: 0)
    let means = SubwordMeanInitializer().recipes(for: .input, in: context, seed: 0)
    #expect(Array(rest) == Array(means))
    #expect(rest.substituteCount == tokens.count)
    #expect((1..<tokens.count).contains(recipes.substituteCount))
    // A method that does nothing is not mistaken for another one.
    var options = ExtensionOptions()
    options.inputMethod = .transTokenization
    var inputs = InitializationInputs()
    inputs.parallelText = few
    let plan = try VocabularyExtension(of: base, tokens: tokens, options: options, inputs: inputs)
    #expect(
      throws: VocabularyError.nothingToGoBy(method: .transTokenization, newTokenCount: tokens.count)
    ) { _ = try plan.write(to: folder.file("new"), force: false) }
  }
}
