import TesseraBasics
import TesseraTensors
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct SimilarityTests {
  static func vectors(_ count: Int, _ dimension: Int, seed: UInt64) -> UnitVectors {
    var random = SplitMix64(seed: seed)
    return UnitVectors(
      rows: (0..<count * dimension).map { _ in Float(random.normal()) }, dimension: dimension)
  }

  @Test(arguments: [(1, 1, 1), (5, 3, 2), (40, 1_000, 7), (300, 130, 33), (3, 9_000, 5)])
  func `the nearest are those of the definition`(
    queryCount: Int, keyCount: Int, dimension: Int
  ) throws {
    let queries = Self.vectors(queryCount, dimension, seed: 1)
    let keys = Self.vectors(keyCount, dimension, seed: 2)
    for count in [1, 10, 2_000] {
      let expected = nearestNeighborsReference(of: queries, in: keys, count: count)
      for instructions in [nil] + ByteFactor.instructions.map(Optional.some) {
        #expect(
          try nearestNeighbors(of: queries, in: keys, count: count, by: instructions) == expected)
      }
    }
  }

  @Test func `rows near the highest are kept`() {
    var random = SplitMix64(seed: 8)
    let scores = (0..<3_000).map { _ in Float(random.below(500)) }
    for (limit, slack) in [(1, 0), (7, 3), (128, 20), (5_000, 1)] as [(Int, Float)] {
      var near = NearHighestRows(limit: limit, slack: slack)
      for (row, score) in scores.enumerated() where score > near.threshold {
        near.add(row, score: score)
      }
      let sorted = scores.sorted(by: >)
      let bound = limit <= sorted.count ? sorted[limit - 1] - slack : -1
      #expect(near.finish() == scores.indices.filter { scores[$0] >= bound })
    }
  }

  /// Equal keys lie at all places of the kernel's tiles, where sums may have another order. Of many of them,
  /// all that are not out do not wait until the end.
  @Test(arguments: [701, 30_001])
  func `of equally similar keys the first ones are taken`(keyCount: Int) throws {
    var random = SplitMix64(seed: 5)
    let distinct = (0..<7).map { _ in (0..<19).map { _ in Float(random.normal()) } }
    let keys = UnitVectors(
      rows: (0..<keyCount).flatMap { distinct[$0 % 7] }, dimension: 19)
    let queries = Self.vectors(50, 19, seed: 6)
    let found = try nearestNeighbors(of: queries, in: keys, count: 12)
    #expect(found == nearestNeighborsReference(of: queries, in: keys, count: 12))
    for neighbors in found {
      let first = neighbors[0].key
      #expect(first < 7 && neighbors.map(\.key) == (0..<12).map { first + 7 * $0 })
    }
  }

  @Test func `a tile more or less changes nothing`() throws {
    // 64 rows are a tile, and 32 tiles a round.
    var random = SplitMix64(seed: 3)
    let rows = (0..<(64 * 32 + 5) * 12).map { _ in Float(random.normal()) }
    let queries = UnitVectors(rows: rows, dimension: 12)
    let keys = Self.vectors(64, 12, seed: 4)
    let whole = try nearestNeighbors(of: queries, in: keys, count: 4)
    #expect(whole == nearestNeighborsReference(of: queries, in: keys, count: 4))
    for size in [1, 63, 64, 65, 257] {
      var parts: [[Neighbor]] = []
      for start in stride(from: 0, to: 257, by: size) {
        let part = UnitVectors(
          rows: Array(rows[start * 12..<min(257, start + size) * 12]), dimension: 12)
        parts += try nearestNeighbors(of: part, in: keys, count: 4)
      }
      #expect(parts == Array(whole[..<257]), "\(size)")
    }
    Workers.setThreadCount(1)
    defer { Workers.setThreadCount(Workers.availableProcessorCount()) }
    #expect(try nearestNeighbors(of: queries, in: keys, count: 4) == whole)
    let part = try mapSimilarities(of: queries, in: 100..<103, with: keys) { query, cosines in
      (query, cosines.count)
    }
    #expect(part.map(\.0) == [100, 101, 102] && part.allSatisfy { $0.1 == 64 })
  }

  @Test func `unit vectors have length 1, and rows of zeros stay zeros`() {
    var random = SplitMix64(seed: 14)
    var rows = (0..<600 * 7).map { _ in Float(random.normal()) }
    for i in 0..<7 { rows[300 * 7 + i] = 0 }
    let units = UnitVectors(rows: rows, dimension: 7)
    let found = units.rows
    #expect(units.count == 600 && found.count == rows.count)
    for row in 0..<600 {
      let range = row * 7..<(row + 1) * 7
      let norm = rows[range].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(units.norms[row] == norm && rows[range].euclideanNorm == norm)
      for i in range { #expect(found[i] == (row == 300 ? 0 : Float(Double(rows[i]) / norm))) }
    }
  }

  @Test func `a sparsemax is the projection on the simplex`() {
    var random = SplitMix64(seed: 9)
    for count in [1, 2, 5, 100, 1_000] {
      for scale in [0.001, 1, 30] {
        for temperature in [0.1, 1, 4] {
          let values = (0..<count).map { _ in Float(scale * random.normal()) }
          let found = Sparsemax(values.span, temperature: temperature)
          let expected = sparsemaxReference(values.map { Double($0) / temperature })
          #expect(found.indices == found.indices.sorted())
          #expect(abs(found.weights.reduce(0, +) - 1) < 1e-9)
          var weights = [Double](repeating: 0, count: count)
          for (index, weight) in zip(found.indices, found.weights) { weights[index] = weight }
          for (a, b) in zip(weights, expected) { #expect(abs(a - b) < 1e-9) }
        }
      }
    }
  }

  @Test func `values in whatever order have one support, and no memory beyond it`() {
    var random = SplitMix64(seed: 10)
    let spread = (0..<20_000).map { _ in Float(0.06 * random.normal()) }
    let flat = [Float](repeating: 0.25, count: 5_000)
    for values in [spread, spread.sorted(), spread.sorted(by: >), flat, [.leastNonzeroMagnitude]] {
      let found = Sparsemax(values.span)
      let expected = sparsemaxReference(values.map { Double($0) })
      #expect(found.indices == expected.indices.filter { expected[$0] > 0 })
      for (index, weight) in zip(found.indices, found.weights) {
        #expect(abs(weight - expected[index]) < 1e-12)
      }
      // Memory comes in steps of some elements.
      #expect(found.indices.capacity < found.indices.count + 16)
      #expect(found.weights.capacity < found.weights.count + 16)
    }
  }

  @Test func `a colder sparsemax has a smaller support`() {
    let values: [Float] = (0..<200).map { Float($0) / 400 }
    let sizes = [0.01, 0.1, 1].map { Sparsemax(values.span, temperature: $0).indices.count }
    #expect(sizes[0] < sizes[1] && sizes[1] < sizes[2])
  }

  @Test func `a softmax stands large numbers`() {
    #expect(softmax([1_000, 1_000], temperature: 0.001) == [0.5, 0.5])
    #expect(softmax([], temperature: 1).isEmpty)
    let weights = softmax([0.9, 0.8, 0.1], temperature: 0.1)
    #expect(abs(weights[0] / weights[1] - 2.718281828459045) < 1e-9)
    #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
  }
}
