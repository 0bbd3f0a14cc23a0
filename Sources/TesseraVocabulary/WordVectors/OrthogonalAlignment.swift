// The rotation (and reflection) that brings the vectors of words nearest to those of their translations.
//
// Shapes, row-major:   source, target: [pairs, d]   rotation: [d, d]
//
//   rotation = argmin over R with R R^T = I of || source R - target ||_F = left * right,
//   where left * diagonal(values) * right = source^T target
//
// Schönemann, "A Generalized Solution of the Orthogonal Procrustes Problem", 1966,
// doi:10.1007/BF02289451.

internal import TesseraBasics
internal import TesseraTensors

/// An orthogonal map from the space of some vectors to that of others.
public struct OrthogonalAlignment: Sendable {
  /// The number of components of a vector.
  public let dimension: Int
  /// How many pairs of words it was found from, equal ones counted as often as they came up.
  public let pairCount: Int
  /// Row i is where unit vector i goes, `[dimension, dimension]`.
  private let rotation: [Double]

  /// How many pairs are added up at a time.
  private static let blockSize = 1_024

  /// The map that brings each source word of a dictionary nearest to its translation, in all their forms.
  ///
  /// An entry is nine pairs, of each form of its word with each form of the translation; of these, pairs of
  /// words that the vectors have count, not those that n-grams alone could give a vector. Equal pairs count
  /// as often as they come up.
  ///
  /// - Throws: ``WordVectorError/dimensionsDiffer(source:target:)``,
  ///   ``WordVectorError/noCommonEntries(path:entryCount:)``,
  ///   ``WordVectorError/decompositionFailed(size:)``, ``WordVectorError/interrupted``.
  /// - Complexity: O(pairs * d^2 + d^3) time, on all workers, and O(pairs + d^2) memory, where equal pairs
  ///   are one.
  public init(
    from source: WordVectors, to target: WordVectors, by dictionary: BilingualDictionary
  ) throws(WordVectorError) {
    guard source.dimension == target.dimension else {
      throw .dimensionsDiffer(source: source.dimension, target: target.dimension)
    }
    let pairs = WordPair.counted(from: source, to: target, by: dictionary)
    guard !pairs.isEmpty else {
      throw .noCommonEntries(path: dictionary.path, entryCount: dictionary.entries.count)
    }
    let dimension = source.dimension
    var products = [Double](repeating: 0, count: dimension * dimension)
    for start in stride(from: 0, to: pairs.count, by: Self.blockSize) {
      if Interruption.isRequested { throw .interrupted }
      let block = Array(pairs[start..<min(pairs.count, start + Self.blockSize)])
      let sourceRows = parallelMap(block.count) { index in
        let (pair, count) = block[index]
        return source.vector(at: pair.source).map { Double(count) * Double($0) }
      }
      let targetRows = parallelMap(block.count) { index in
        target.vector(at: block[index].pair.target).map { Double($0) }
      }
      addProduct(
        of: sourceRows.flatMap { $0 }, targetRows.flatMap { $0 }, transposing: .first,
        rows: dimension, columns: dimension, inner: block.count, to: &products)
    }
    try self.init(
      products: products, dimension: dimension, pairCount: pairs.reduce(0) { $0 + $1.count })
  }

  /// The map between rows that belong together.
  ///
  /// - Parameters:
  ///   - source: The rows that are mapped, `[pairs, dimension]`.
  ///   - target: The rows that they should come near to, `[pairs, dimension]`.
  ///   - dimension: The length of a row.
  /// - Throws: ``WordVectorError/decompositionFailed(size:)``.
  /// - Precondition: There are as many rows on both sides.
  public init(
    source: [Float], target: [Float], dimension: Int
  ) throws(WordVectorError) {
    precondition(source.count == target.count && dimension > 0 && source.count % dimension == 0)
    var products = [Double](repeating: 0, count: dimension * dimension)
    let step = Self.blockSize * dimension
    for start in stride(from: 0, to: source.count, by: step) {
      let block = start..<min(source.count, start + step)
      addProduct(
        of: source[block].map { Double($0) }, target[block].map { Double($0) },
        transposing: .first, rows: dimension, columns: dimension,
        inner: block.count / dimension, to: &products)
    }
    try self.init(
      products: products, dimension: dimension, pairCount: source.count / dimension)
  }

  /// The map out of source^T target, `[dimension, dimension]`.
  private init(
    products: [Double], dimension: Int, pairCount: Int
  ) throws(WordVectorError) {
    guard dimension <= SquareSVD.sizeLimit, let svd = SquareSVD(products, size: dimension) else {
      throw .decompositionFailed(size: dimension)
    }
    self.dimension = dimension
    self.pairCount = pairCount
    rotation = product(
      of: svd.left, svd.right, rows: dimension, columns: dimension, inner: dimension)
  }

  /// Where a vector goes: the vector times the rotation.
  public func map(_ vector: [Float]) -> [Float] {
    precondition(vector.count == dimension, "the vector is of the space")
    var sums = [Double](repeating: 0, count: dimension)
    for (k, component) in vector.enumerated() {
      for column in 0..<dimension {
        sums[column] += Double(component) * rotation[k * dimension + column]
      }
    }
    return sums.map { Float($0) }
  }
}

/// A word and a translation that have vectors, by their indices.
private struct WordPair: Hashable, Sendable {
  let source: Int
  let target: Int

  /// The pairs of forms of a dictionary's entries, each with how often it comes up, in the order of indices.
  static func counted(
    from source: WordVectors, to target: WordVectors, by dictionary: BilingualDictionary
  ) -> [(pair: WordPair, count: Int)] {
    var counts: [WordPair: Int] = [:]
    for entry in dictionary.entries {
      let translations = BilingualDictionary.forms(of: entry.target).compactMap {
        target.index(of: $0)
      }
      if translations.isEmpty { continue }
      for form in BilingualDictionary.forms(of: entry.source) {
        guard let word = source.index(of: form) else { continue }
        for translation in translations {
          counts[WordPair(source: word, target: translation), default: 0] += 1
        }
      }
    }
    return counts.map { (pair: $0.key, count: $0.value) }.sorted {
      ($0.pair.source, $0.pair.target) < ($1.pair.source, $1.pair.target)
    }
  }
}
