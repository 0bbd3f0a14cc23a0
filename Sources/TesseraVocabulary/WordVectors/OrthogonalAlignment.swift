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
  /// How many pairs of words it was found from.
  public let pairCount: Int
  /// Row i is where unit vector i goes, `[dimension, dimension]`.
  private let rotation: [Double]

  /// The map that brings each source word of a dictionary nearest to its translation, in all their forms.
  ///
  /// Only pairs of words that the vectors have count, not those that n-grams alone could give a vector.
  ///
  /// - Throws: ``WordVectorError/dimensionsDiffer(source:target:)``,
  ///   ``WordVectorError/noCommonEntries(path:entryCount:)``,
  ///   ``WordVectorError/decompositionFailed(size:)``.
  /// - Complexity: O(pairs * d^2 + d^3) time, on all workers, and O(pairs * d) memory.
  public init(
    from source: WordVectors, to target: WordVectors, by dictionary: BilingualDictionary
  ) throws(WordVectorError) {
    guard source.dimension == target.dimension else {
      throw .dimensionsDiffer(source: source.dimension, target: target.dimension)
    }
    var pairs: [(source: Int, target: Int)] = []
    for pair in dictionary.expandedPairs {
      if let a = source.index(of: pair.source), let b = target.index(of: pair.target) {
        pairs.append((a, b))
      }
    }
    guard !pairs.isEmpty else {
      throw .noCommonEntries(path: dictionary.path, entryCount: dictionary.entries.count)
    }
    let found = pairs
    let rows = parallelMap(found.count) { index in
      (source.vector(at: found[index].source), target.vector(at: found[index].target))
    }
    try self.init(
      source: rows.flatMap(\.0), target: rows.flatMap(\.1), dimension: source.dimension)
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
    pairCount = source.count / dimension
    let products = product(
      of: source.map { Double($0) }, target.map { Double($0) }, transposing: .first,
      rows: dimension, columns: dimension, inner: pairCount)
    guard dimension <= SquareSVD.sizeLimit, let svd = SquareSVD(products, size: dimension) else {
      throw .decompositionFailed(size: dimension)
    }
    self.dimension = dimension
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
