import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct WordVectorTrainingTests {
  /// Sentences of one of several topics, whose words never meet those of another.
  static func topics(_ count: Int, sentences: Int) -> [[UInt8]] {
    var random = SplitMix64(seed: 2)
    return (0..<sentences).map { _ in
      let topic = random.below(count)
      let words = (0..<8).map { _ in "w\(topic)x\(random.below(6))" }
      return Array(words.joined(separator: " ").utf8)
    }
  }

  static func options(_ architecture: WordVectorOptions.Architecture) -> WordVectorOptions {
    var options = WordVectorOptions()
    options.architecture = architecture
    options.dimension = 8
    options.window = 2
    options.negativeCount = 2
    options.subsampling = 0
    options.learningRate = 0.1
    options.epochs = 6
    return options
  }

  private func cosine(_ a: [Float], _ b: [Float]) -> Double {
    func product(_ x: [Float], _ y: [Float]) -> Double {
      zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
  }

  @Test(arguments: WordVectorOptions.Architecture.allCases, [0, 4])
  func `words of one topic come together`(
    architecture: WordVectorOptions.Architecture, grams: Int
  ) throws {
    let text = try TrainingText(
      wordsOf: [.documents(Self.topics(5, sentences: 500))], minimumCount: 1)
    var options = Self.options(architecture)
    options.maximumLength = grams
    let vectors = try WordVectors(learnedFrom: text, options: options)
    #expect(vectors.count == 30 && (vectors.subwords == nil) == (grams == 0))
    var right = 0
    for a in 0..<30 {
      let topic = vectors.word(at: a)[1]
      let others = (0..<30).filter { $0 != a }.sorted {
        cosine(vectors.vector(at: a), vectors.vector(at: $0))
          > cosine(vectors.vector(at: a), vectors.vector(at: $1))
      }
      right += others.prefix(5).count { vectors.word(at: $0)[1] == topic }
    }
    #expect(right >= 120, "\(right) of 150")
    #expect(vectors.rows.allSatisfy { $0.isFinite && abs($0) < 20 })
  }

  @Test(arguments: WordVectorOptions.Architecture.allCases)
  func `any number of threads gives the same bits, another seed others`(
    architecture: WordVectorOptions.Architecture
  ) throws {
    let text = try TrainingText(
      wordsOf: [.documents(Self.topics(40, sentences: 1_200))], minimumCount: 1)
    var options = Self.options(architecture)
    options.epochs = 1
    options.subsampling = 1e-3
    defer { Workers.setThreadCount(Workers.availableProcessorCount()) }
    var results: [WordVectors] = []
    for threads in [1, 3] {
      Workers.setThreadCount(threads)
      results.append(try WordVectors(learnedFrom: text, options: options, seed: 5))
    }
    for other in results.dropFirst() {
      #expect(other.rows == results[0].rows)
      #expect(other.subwords?.rows == results[0].subwords?.rows)
      #expect(other.outputRows == results[0].outputRows)
    }
    let other = try WordVectors(learnedFrom: text, options: options, seed: 6)
    #expect(other.rows != results[0].rows)
  }

  /// One chunk at a time is plain stochastic gradient descent.
  @Test func `one chunk changes rows as the steps say`() throws {
    let text = try TrainingText(
      wordsOf: [.documents([Array("a b a b a".utf8)])], minimumCount: 1)
    var options = Self.options(.skipGram)
    options.maximumLength = 0
    options.window = 1
    options.epochs = 1
    let training = WordVectorTraining(text, options, seed: 3)
    let before = training.rows.values(0..<training.rows.count, dimension: 8).map { Double($0) }
    try training.run(nil)
    let after = training.rows.values(0..<training.rows.count, dimension: 8)
    // With two words each step has its target and, every time, the other one as negatives.
    var rows = before
    let chunk = text.tokens.filter { $0 >= 0 }.map { Int($0) }
    for position in chunk.indices {
      for other in [position - 1, position + 1] where chunk.indices.contains(other) {
        let (word, target) = (chunk[position], chunk[other])
        let hidden = Array(rows[word * 8..<word * 8 + 8])
        var gradient = [Double](repeating: 0, count: 8)
        for k in 0...options.negativeCount {
          let output = 2 + (k == 0 ? target : 1 - target)
          let score = (0..<8).reduce(0.0) { $0 + hidden[$1] * rows[output * 8 + $1] }
          let slope =
            options.learningRate * ((k == 0 ? 1 : 0) - Double(sigmoid(Float(score))))
          for i in 0..<8 {
            gradient[i] += slope * rows[output * 8 + i]
            rows[output * 8 + i] += slope * hidden[i]
          }
        }
        for i in 0..<8 { rows[word * 8 + i] += gradient[i] }
      }
    }
    for (a, b) in zip(after, rows) { #expect(abs(Double(a) - b) < 1e-5) }
    #expect(after.map { Double($0) } != before)
  }

  @Test(arguments: [(1, 1), (9_000, 3), (4_096, 8), (5_000, 16)])
  func `rows that are taken are those that were there`(count: Int, dimension: Int) {
    let rows = TrainingRows(count: count, dimension: dimension)
    for row in 0..<count {
      for i in 0..<dimension {
        // SAFETY: the row has `dimension` floats.
        unsafe rows.row(row)[i] = Float(row * dimension + i)
      }
    }
    let expected = rows.values(0..<count, dimension: dimension)
    #expect(expected == (0..<count * dimension).map { Float($0) })
    let tail = rows.takeLast(count / 3, dimension: dimension)
    #expect(rows.count == count - count / 3)
    let nothing = rows.takeLast(0, dimension: dimension)
    let head = rows.takeLast(rows.count, dimension: dimension)
    #expect(head + nothing + tail == expected && rows.count == 0)
    #expect(head.capacity < head.count + 2_048)
  }

  @Test func `vectors that grow beyond all numbers are refused`() throws {
    let text = try TrainingText(
      wordsOf: [.documents(Self.topics(5, sentences: 200))], minimumCount: 1)
    var options = Self.options(.skipGram)
    options.learningRate = 1e30
    #expect(throws: WordVectorError.diverged(learningRate: 1e30)) {
      _ = try WordVectors(learnedFrom: text, options: options)
    }
    // A single number is found, in whatever row.
    let rows = TrainingRows(count: 9_000, dimension: 3)
    #expect(rows.areFinite)
    for value in [Float.infinity, -.infinity, .nan] {
      for row in [0, 4_096, 8_999] {
        // SAFETY: the row has three floats.
        unsafe rows.row(row)[2] = value
        #expect(!rows.areFinite)
        unsafe rows.row(row)[2] = 0
      }
    }
    #expect(rows.areFinite)
  }

  @Test func `what cannot be in memory is refused before it is asked for`() throws {
    let text = try TrainingText(
      wordsOf: [.documents(Self.topics(1, sentences: 5))], minimumCount: 1)
    var options = Self.options(.skipGram)
    // 4 bytes for each component of 12 output and input rows and the buckets, and 5 for each row.
    options.dimension = 20
    options.bucketCount = 88
    #expect(WordVectorTraining.memorySize(wordCount: 6, options) == 100 * (24 * 4 + 5))
    options.dimension = 10_000
    options.bucketCount = 1 << 30
    let needed = WordVectorTraining.memorySize(wordCount: text.words.count, options)
    let available = WordVectorTraining.physicalMemorySize
    #expect(available > 1 << 27 && needed > 1 << 45)
    #expect(
      throws: WordVectorError.memoryTooSmall(needed: needed, available: available)
    ) { _ = try WordVectors(learnedFrom: text, options: options) }
  }

  /// By the formula, row after row and chunk after chunk.
  @Test(arguments: [1, 3])
  func `changes of several chunks are merged as the formula says`(threads: Int) {
    Workers.setThreadCount(threads)
    defer { Workers.setThreadCount(Workers.availableProcessorCount()) }
    let (rowCount, dimension, chunkCount) = (150, 5, 7)
    var random = SplitMix64(seed: 21)
    let shared = TrainingRows(count: rowCount, dimension: dimension)
    for row in 0..<rowCount {
      // SAFETY: here and below, rows have `dimension` floats, and nobody else uses them.
      for i in 0..<dimension { unsafe shared.row(row)[i] = Float(random.normal()) }
    }
    var merging = RowMerging(rowCount: rowCount)
    // A second time, since counts have to be zeros again.
    for _ in 0..<2 {
      let before = shared.values(0..<rowCount, dimension: dimension)
      var sums = [Double](repeating: 0, count: before.count)
      var chunks = [Int](repeating: 0, count: rowCount)
      var steps = [Int](repeating: 0, count: rowCount)
      let changes = (0..<chunkCount).map { _ in RowChanges(of: shared) }
      for change in changes {
        for row in 0..<rowCount where random.below(3) > 0 {
          let place = change.place(of: row)
          // From a few steps in all to many.
          let count = 1 + random.below(row < 75 ? 4 : 40)
          for i in 0..<dimension {
            let difference = random.normal()
            unsafe change.row(at: place)[i] += Float(difference)
            sums[row * dimension + i] += difference
          }
          for _ in 0..<count { change.countStep(at: place) }
          chunks[row] += 1
          steps[row] += count
        }
        change.finish()
      }
      merging.merge(changes, into: shared)
      let after = shared.values(0..<rowCount, dimension: dimension)
      #expect(steps.contains { $0 > 32 } && steps.contains { (1...32).contains($0) })
      for row in 0..<rowCount {
        let limit = min(1, 32 / Double(max(1, steps[row])))
        let scale = chunks[row] == 0 ? 0 : max(1 / Double(chunks[row]), limit)
        for i in row * dimension..<(row + 1) * dimension {
          #expect(abs(Double(after[i]) - Double(before[i]) - scale * sums[i]) < 1e-5)
        }
      }
    }
  }

  @Test func `the sigmoid is that of the table's next point below`() {
    for x: Float in [-7.99, -1.001, -0.016, -0.001, 0, 0.0155, 0.0157, 1, 3.3, 7.999] {
      let point = (Double(x) * 64).rounded(.down) / 64
      #expect(abs(Double(sigmoid(x)) - 1 / (1 + exp(-point))) < 1e-7)
      #expect(abs(Double(sigmoid(x)) - 1 / (1 + exp(-Double(x)))) <= 1.0 / 256)
    }
    #expect(sigmoid(8) == 1 && sigmoid(-8) == 0 && sigmoid(.nan).isNaN)
    #expect(sigmoid(.infinity) == 1 && sigmoid(-.infinity) == 0)
  }

  @Test func `few steps are added up, many are averaged`() {
    #expect(RowMerging.scale(chunks: 1, steps: 32) == 1)
    #expect(RowMerging.scale(chunks: 16, steps: 32) == 1)
    #expect(RowMerging.scale(chunks: 16, steps: 64) == 0.5)
    #expect(RowMerging.scale(chunks: 4, steps: 10_000) == 0.25)
    #expect(RowMerging.scale(chunks: 1, steps: 10_000) == 1)
  }

  @Test func `drawn indices have their shares`() {
    let weights = [1.0, 0, 3, 6]
    let table = AliasTable(weights)
    var random = SplitMix64(seed: 8)
    var counts = [Int](repeating: 0, count: 4)
    for _ in 0..<100_000 { counts[table.draw(&random)] += 1 }
    for (count, weight) in zip(counts, weights) {
      #expect(abs(Double(count) / 100_000 - weight / 10) < 0.01)
    }
    #expect(counts[1] == 0)
  }

  @Test func `words are runs of letters, marks and digits, the frequent ones first`() throws {
    let documents = ["नदी, नदी; river_1 (नदी) naïve naïve\u{FF}", "  ", "a-b 👍 a"]
    let text = try TrainingText(
      wordsOf: [.documents(documents.map { Array($0.utf8) })], minimumCount: 1)
    #expect(
      text.words.map { String(decoding: $0, as: UTF8.self) }
        == ["नदी", "a", "b", "naïve", "naïveÿ", "river_1"])
    #expect(text.counts == [3, 2, 1, 1, 1, 1])
    #expect(text.tokens == [0, 0, 5, 0, 3, 4, -1, 1, 2, 1, -1])
    let frequent = try TrainingText(
      wordsOf: [.documents(documents.map { Array($0.utf8) })], minimumCount: 2)
    #expect(frequent.tokens == [0, 0, 0, -1, 1, 1, -1])
    #expect(throws: WordVectorError.noWords(minimumCount: 4)) {
      _ = try TrainingText(
        wordsOf: [.documents(documents.map { Array($0.utf8) })], minimumCount: 4)
    }
    // Bytes that are not UTF-8 belong to no word.
    let broken = try TrainingText(
      wordsOf: [.documents([[0x61, 0xFF, 0x62, 0xE0, 0xA4]])], minimumCount: 1)
    #expect(broken.words == [[0x61], [0x62]])
  }

  @Test func `tokens are spelled as the vocabulary spells them`() throws {
    let tokenizer = try Tokenizer.withoutMerges(tokenCount: 256)
    let text = try TrainingText(
      tokensOf: [.documents([[0x20, 0x61, 0xE0, 0x20]])], tokenizer: tokenizer, minimumCount: 1)
    #expect(
      text.words.map { String(decoding: $0, as: UTF8.self) } == ["Ġ", "a", "à"])
    #expect(text.tokens == [0, 1, 2, 0, -1])
  }
}
