import TesseraBasics
import Testing

@testable import TesseraVocabulary

@Suite struct HullDistancesTests {
  private static func normals(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float(random.normal()) }
  }

  private static func combination(_ rows: [Float], width: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed, stream: 1)
    let weights = (0..<rows.count / width).map { _ in random.uniform() }
    let total = weights.reduce(0, +)
    return (0..<width).map { i in
      Float(weights.indices.reduce(0) { $0 + weights[$1] / total * Double(rows[$1 * width + i]) })
    }
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `a point inside has no distance`(seed: UInt64) throws {
    let (count, width) = (200, 12)
    let rows = Self.normals(count * width, seed: seed)
    // Vertices, the middle of all, and of a few.
    let points =
      Array(rows[5 * width..<7 * width]) + Self.combination(rows, width: width, seed: seed)
      + Self.combination(Array(rows[..<(3 * width)]), width: width, seed: seed)
    let found = try HullDistances(of: points, from: rows[...], rows: [0..<count], width: width)
    #expect(found.distances.allSatisfy { $0.lowerBound == 0 }, "seed \(seed)")
    #expect(
      found.distances.allSatisfy { $0.relativeUpperBound <= HullDistances.insideTolerance })
    #expect(found.insideCount == 4 && found.outsideCount == 0)
    #expect(found.passCount < HullDistances.passLimit)
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `a point above a face is as far as it was put there`(seed: UInt64) throws {
    let (count, width) = (300, 10)
    // All rows are below 1 in the last component, and ten are on that face, around the point.
    var rows = Self.normals(count * width, seed: seed)
    for row in 0..<count {
      let last = row * width + width - 1
      rows[last] = row < 40 ? 1 : min(rows[last], 0.5)
    }
    let face = Array(rows[..<(40 * width)])
    var points: [Float] = []
    let distances: [Float] = [0.01, 0.5, 3]
    for (index, distance) in distances.enumerated() {
      var point = Self.combination(face, width: width, seed: seed + UInt64(index))
      point[width - 1] += distance
      points += point
    }
    let found = try HullDistances(of: points, from: rows[...], rows: [0..<count], width: width)
    for (distance, expected) in zip(found.distances, distances) {
      #expect(distance.lowerBound <= Double(expected) * (1 + 1e-5), "seed \(seed)")
      #expect(distance.upperBound >= Double(expected) * (1 - 1e-5))
      #expect(distance.upperBound - distance.lowerBound <= 0.011 * distance.upperBound)
    }
    #expect(found.outsideCount == 3)
    #expect(found.farthest == found.distances[2])
  }

  @Test func `rows that are not of the hull do not count`() throws {
    let rows: [Float] = [9, 9, 100, 100, 1, 0, 0, 1, 50, 50, 100, 100, 0, 0]
    let found = try HullDistances(
      of: [1, 1, 0, 0], from: rows[2...], rows: [1..<3, 5..<6], width: 2
    ).distances
    #expect(abs(found[0].upperBound - 0.5.squareRoot()) < 1e-6)
    #expect(found[0].upperBound - found[0].lowerBound < 0.01 * found[0].upperBound)
    #expect(found[1].norm == 0 && found[1].lowerBound == 0 && found[1].upperBound < 1e-6)
  }

  @Test func `few passes are enough for rows far out, and for one inside`() throws {
    // A ball of many vertices, and points far out in a space of many dimensions.
    let (count, width) = (3_000, 300)
    let rows = Self.normals(count * width, seed: 3)
    let points = Self.normals(4 * width, seed: 4).map { $0 * 2 } + Array(rows[..<width])
    let found = try HullDistances(of: points, from: rows[...], rows: [0..<count], width: width)
    #expect(found.passCount < HullDistances.passLimit)
    for distance in found.distances.prefix(4) {
      #expect(0 < distance.lowerBound && distance.lowerBound <= distance.upperBound)
      #expect(distance.relativeLowerBound > 0.3)
    }
    #expect(found.distances[4].relativeUpperBound <= HullDistances.insideTolerance)
  }

  @Test func `a sample is drawn once from each row`() {
    #expect(HullDistances.sample(of: 5, seed: 1) == Array(0..<5))
    let sample = HullDistances.sample(of: 1_000, seed: 1)
    #expect(Set(sample).count == 32 && sample == sample.sorted() && sample.last! < 1_000)
    #expect(sample == HullDistances.sample(of: 1_000, seed: 1))
    #expect(sample != HullDistances.sample(of: 1_000, seed: 2))
  }
}
