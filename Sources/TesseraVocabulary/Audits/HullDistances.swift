public import TesseraBasics
internal import TesseraTensors

/// How far some rows are from the convex hull of the base's rows, for rows whose recipes do not promise that
/// they are in it.
///
/// With p for the nearest point of the hull that was found for a row u, and r = u - p, the distance d is bounded
/// from both sides:
///
///   (|r|² - g) / |r| <= d <= |r|,     g = max over base rows x of (x - p) . r
///
/// since no base row, and so no point of the hull, lies further in the direction of r than the farthest one. The
/// gap g is 0 at the nearest point. A logit of the new token can be above all those of the base by d times the
/// norm of the hidden state.
///
/// Each pass over the base rows gives every row one more vertex (`HullProjection`). A row is done
/// when its bounds are close, when it is as good as inside, or when passes run out: then the bounds still hold.
public struct HullDistances: Hashable, Sendable {
  /// What is known of one row.
  public struct Distance: Hashable, Sendable {
    /// The norm of the row.
    public let norm: Double
    /// The distance is not smaller; 0 if the row may be inside.
    public let lowerBound: Double
    /// The distance is not larger: that of the nearest point that was found.
    public let upperBound: Double

    /// ``lowerBound`` as a part of the norm; 0 for a row of zeros.
    public var relativeLowerBound: Double { norm > 0 ? lowerBound / norm : 0 }
    /// ``upperBound`` as a part of the norm; 0 for a row of zeros.
    public var relativeUpperBound: Double { norm > 0 ? upperBound / norm : 0 }
  }

  /// The rows, in the order in which they were given.
  public let distances: [Distance]
  /// How often all base rows were looked through.
  public let passCount: Int

  /// How many rows are enough.
  public static let sampleSize = 32
  /// How often base rows are looked through at most.
  public static let passLimit = 100
  /// A row this near to the hull, as a part of its norm, is taken to be inside: rows in bfloat16 are no more
  /// exact.
  public static let insideTolerance = 1e-3
  /// Bounds are close when they differ by this part of the upper one.
  private static let boundTolerance = 0.01
  private static let blockSize = 4_096

  /// Measures rows.
  ///
  /// - Parameters:
  ///   - points: The rows to measure, one after the other.
  ///   - matrix: The matrix whose rows span the hull, row after row.
  ///   - rows: Which of its rows do, at least one.
  ///   - width: The length of a row.
  ///   - progress: Gets the number of passes.
  /// - Throws: ``VocabularyError/interrupted`` after a signal.
  /// - Precondition: There is a row that spans the hull, and points are whole rows.
  /// - Complexity: O(passes * points * rows * width) time on all workers; 16 MB for each worker at a width of
  ///   1,024.
  public init(
    of points: [Float], from matrix: ArraySlice<Float>, rows: [Range<Int>], width: Int,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    precondition(width > 0 && points.count % width == 0, "rows are whole")
    precondition(rows.contains { !$0.isEmpty }, "rows span a hull")
    let count = points.count / width
    var projections = (0..<count).map {
      HullProjection(points[$0 * width..<($0 + 1) * width])
    }
    var bounds = [Double](repeating: 0, count: count)
    var open = Array(0..<count)
    var passes = 0
    while !open.isEmpty && passes < Self.passLimit {
      if Interruption.isRequested { throw .interrupted }
      passes += 1
      let residuals = open.map { projections[$0].residual }
      let farthest = Self.farthest(
        in: residuals.flatMap { $0.map { Float($0) } }, matrix, rows, width: width)
      var moves: [(index: Int, vertex: Int)] = []
      for (index, (residual, vertex)) in zip(open, zip(residuals, farthest)) {
        let projection = projections[index]
        if !projection.vertices.isEmpty {
          let length = residual.reduce(0) { $0 + $1 * $1 }.squareRoot()
          if length == 0 { continue }
          // How far u lies in the direction of r beyond all base rows, less what products may be off.
          let excess = projection.product(with: residual) - vertex.score
          bounds[index] = max(bounds[index], excess / length - vertex.error)
          let isInside = length <= Self.insideTolerance * projection.norm
          let isClose = length - bounds[index] <= Self.boundTolerance * length
          // A vertex that has its best weight already cannot help.
          let isKnown = projection.isBalanced && projection.vertices.contains(vertex.row)
          if isInside || isClose || isKnown { continue }
        }
        moves.append((index, vertex.row))
      }
      let moved = parallelMap(moves.count) { [projections, moves] place in
        let (index, vertex) = moves[place]
        var projection = projections[index]
        let start = matrix.startIndex + vertex * width
        projection.add(vertex, matrix[start..<start + width])
        return projection
      }
      for ((index, _), projection) in zip(moves, moved) { projections[index] = projection }
      open = moves.map(\.index)
      progress?(
        ProgressUpdate(
          phase: "measuring distances", completed: passes, total: nil, unit: "passes"))
    }
    distances = projections.indices.map { index in
      let length = projections[index].residual.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return Distance(
        norm: projections[index].norm, lowerBound: min(bounds[index], length),
        upperBound: length)
    }
    passCount = passes
  }

  /// A base row, its product with a direction, and how much that may be off for each unit of the direction.
  private typealias Vertex = (row: Int, score: Double, error: Double)

  /// For each direction the base row that lies farthest in it, of equal ones the first.
  private static func farthest(
    in directions: [Float], _ matrix: ArraySlice<Float>, _ rows: [Range<Int>], width: Int
  ) -> [Vertex] {
    let blocks = rows.flatMap { range in
      stride(from: range.lowerBound, to: range.upperBound, by: blockSize).map {
        $0..<min(range.upperBound, $0 + blockSize)
      }
    }
    let count = directions.count / width
    let found = parallelMap(blocks.count) { index -> (best: [(Int, Float)], square: Double) in
      let block = blocks[index]
      let start = matrix.startIndex + block.lowerBound * width
      let values = Array(matrix[start..<start + block.count * width])
      let scores = product(directions, transposed: values, inner: width)
      var best: [(Int, Float)] = []
      for direction in 0..<count {
        var (row, score) = (0, -Float.infinity)
        for i in 0..<block.count where scores[direction * block.count + i] > score {
          (row, score) = (block.lowerBound + i, scores[direction * block.count + i])
        }
        best.append((row, score))
      }
      var largest = 0.0
      for row in 0..<block.count {
        let row = values.span.extracting(row * width..<(row + 1) * width)
        largest = max(largest, innerProduct(row, row))
      }
      return (best, largest)
    }
    // A product of single precision is off by the unit of rounding for each term at most.
    let norm = found.reduce(0.0) { max($0, $1.square) }.squareRoot()
    // Residuals are rounded once, and each product of a row is.
    let error = Double(width + 1) * 0x1p-24 * norm
    return (0..<count).map { direction in
      var vertex: Vertex = (0, -Double.infinity, error)
      for block in found where Double(block.best[direction].1) > vertex.score {
        vertex = (block.best[direction].0, Double(block.best[direction].1), error)
      }
      return vertex
    }
  }
}

extension HullDistances {
  /// The number of rows that are certainly outside.
  public var outsideCount: Int { distances.count { $0.lowerBound > 0 } }

  /// The number of rows that are as good as inside.
  public var insideCount: Int {
    distances.count { $0.relativeUpperBound <= Self.insideTolerance }
  }

  /// The row of which most is certain to be outside.
  public var farthest: Distance? { distances.max { $0.lowerBound < $1.lowerBound } }

  /// The mean of the upper bounds, as parts of the norms.
  public var meanRelativeUpperBound: Double {
    distances.reduce(0) { $0 + $1.relativeUpperBound } / Double(max(1, distances.count))
  }

  /// The mean of the lower bounds, as parts of the norms.
  public var meanRelativeLowerBound: Double {
    distances.reduce(0) { $0 + $1.relativeLowerBound } / Double(max(1, distances.count))
  }

  /// The figures for programs.
  public var record: JSONObject {
    [
      "sampled_rows": .init(distances.count), "rows_outside": .init(outsideCount),
      "rows_inside": .init(insideCount), "passes": .init(passCount),
      "largest_distance_lower_bound": .init(farthest?.lowerBound ?? 0),
      "largest_relative_distance_lower_bound": .init(farthest?.relativeLowerBound ?? 0),
      "mean_relative_distance_lower_bound": .init(meanRelativeLowerBound),
      "mean_relative_distance_upper_bound": .init(meanRelativeUpperBound),
    ]
  }

  /// Which of some rows are measured, drawn at random: all of them if there are no more than
  /// ``sampleSize``.
  ///
  /// - Returns: Indices below `count`, ascending.
  public static func sample(of count: Int, seed: UInt64) -> [Int] {
    if count <= sampleSize { return Array(0..<count) }
    var random = SplitMix64(seed: seed, stream: 7)
    var chosen = Set<Int>()
    while chosen.count < sampleSize { chosen.insert(random.below(count)) }
    return chosen.sorted()
  }
}
