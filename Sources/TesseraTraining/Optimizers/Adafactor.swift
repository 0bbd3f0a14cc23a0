import TesseraBasics
import TesseraModels
import TesseraTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The numbers of Adafactor.
public struct AdafactorOptions: Hashable, Sendable {
  /// The mean of squares forgets by 1 - t^exponent at its update t.
  public var decayExponent: Double
  /// What is added to every square.
  public var epsilon: Double
  /// The largest root mean square of a tensor's step in units of the rate.
  public var clipThreshold: Double

  /// Creates options; the defaults are the authors'.
  ///
  /// Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018,
  /// arXiv:1804.04235, section 9.
  public init(
    decayExponent: Double = -0.8, epsilon: Double = 1e-30, clipThreshold: Double = 1
  ) {
    self.decayExponent = decayExponent
    self.epsilon = epsilon
    self.clipThreshold = clipThreshold
  }

  var record: JSONValue {
    .object([
      "decay_exponent": .init(decayExponent), "epsilon": .init(epsilon),
      "clip_threshold": .init(clipThreshold),
    ])
  }
}

/// Adafactor without a first moment, at the schedule's learning rate: the mean of squares of a matrix
/// is kept as the means of its rows and of its columns.
///
///     R = b R + (1 - b) row means of (g^2 + epsilon)       C likewise, of columns
///     u = g / sqrt(R C / mean(R))                          a vector has a mean of its own each
///     p = p * (1 - rate * decay) - rate * u / max(1, rms(u) / threshold)
///
/// In an embedding or a head the rows without a gradient are left out of everything: the matrix of a
/// step is that of the others, each with its own number of updates, and the columns have one too.
///
/// Shazeer and Stern, 2018, arXiv:1804.04235, algorithm 4 with the clipping of section 6; as the
/// `Adafactor` of transformers with `scale_parameter=False, relative_step=False`.
struct Adafactor: OptimizerMethod {
  private static let rowMeansName = "row-means"
  private static let columnMeansName = "column-means"
  private static let elementMeansName = "element-means"
  /// What the counts of updates of columns are called, which every tensor has.
  static let columnUpdatesName = "column-updates"

  private let options: AdafactorOptions
  /// The place of each tensor's first row mean, column mean and mean of its own.
  private let places: [(row: Int, column: Int, element: Int)]
  private let isFactored: [Bool]
  private var rowMeans: [Float]
  private var columnMeans: [Float]
  private var elementMeans: [Float]
  /// How often each tensor's columns were updated.
  private var columnUpdates: [UInt32]

  init(
    layout: ParameterLayout, options: AdafactorOptions,
    isIncluded: (ParameterLayout.Tensor) -> Bool = { _ in true }
  ) {
    var places: [(row: Int, column: Int, element: Int)] = []
    var (rows, columns, elements) = (0, 0, 0)
    isFactored = layout.tensors.map(Self.factors)
    for (index, tensor) in layout.tensors.enumerated() {
      places.append((rows, columns, elements))
      guard isIncluded(tensor) else { continue }
      if isFactored[index] {
        rows += tensor.rowCount
        columns += tensor.rowWidth
      } else {
        elements += tensor.range.count
      }
    }
    self.options = options
    self.places = places
    rowMeans = Array(repeating: 0, count: rows)
    columnMeans = Array(repeating: 0, count: columns)
    elementMeans = Array(repeating: 0, count: elements)
    columnUpdates = Array(repeating: 0, count: layout.tensors.count)
  }

  /// Whether the means of a tensor are those of its rows and of its columns.
  private static func factors(_ tensor: ParameterLayout.Tensor) -> Bool {
    tensor.rowCount > 1 && tensor.range.count > tensor.rowCount
  }

  /// The number of elements that a memory with a name has of a tensor.
  static func stateCount(of tensor: ParameterLayout.Tensor, in name: String) -> Int {
    switch name {
    case rowMeansName: factors(tensor) ? tensor.rowCount : 0
    case columnMeansName: factors(tensor) ? tensor.rowWidth : 0
    case elementMeansName: factors(tensor) ? 0 : tensor.range.count
    default: 1
    }
  }

  var memories: [OptimizerMemory] {
    [
      OptimizerMemory(name: Self.rowMeansName, values: .floats(rowMeans)),
      OptimizerMemory(name: Self.columnMeansName, values: .floats(columnMeans)),
      OptimizerMemory(name: Self.elementMeansName, values: .floats(elementMeans)),
      OptimizerMemory(name: Self.columnUpdatesName, values: .counts(columnUpdates)),
    ]
  }

  mutating func restore(_ state: OptimizerState) {
    rowMeans = state[Self.rowMeansName]?.values.floats ?? rowMeans
    columnMeans = state[Self.columnMeansName]?.values.floats ?? columnMeans
    elementMeans = state[Self.elementMeansName]?.values.floats ?? elementMeans
    columnUpdates = state[Self.columnUpdatesName]?.values.counts ?? columnUpdates
  }

  mutating func apply(_ update: TensorUpdate, to parameters: inout [Float], gradient: [Float]) {
    let chunks = Self.chunks(of: update)
    let slope = Slope(update: update, gradient: gradient)
    if isFactored[update.index] {
      meanRowsAndColumns(update, chunks: chunks, slope: slope)
    } else {
      meanElements(update, slope: slope)
    }
    let roots = inverseRoots(update)
    let squares = parallelMap(chunks.count) { index in
      var row = [Float](repeating: 0, count: update.width)
      var sum = 0.0
      for number in chunks[index].rows {
        Self.step(of: number, slope: slope, roots: roots, into: &row)
        sum += sumOfSquares(row.span)
      }
      return sum
    }
    let count = Double(update.movingRowCount * update.width)
    let size = (squares.reduce(0, +) / count).squareRoot()
    let factor = 1 / max(1, size / options.clipThreshold)
    unsafe parameters.withUnsafeMutableBufferPointer { weights in
      guard let weights = weights.baseAddress else { return }
      // SAFETY: rows of a tensor of the layout, which has the array's length; each row is in one
      // chunk, and `parallelFor` returns after the last one.
      nonisolated(unsafe) let p = unsafe weights + update.start
      parallelFor(0..<chunks.count) { indices in
        var row = [Float](repeating: 0, count: update.width)
        for chunk in indices.map({ chunks[$0] }) {
          let decay = Float(1 - chunk.part.learningRate * chunk.part.weightDecay)
          let rate = Float(chunk.part.learningRate * factor)
          for number in chunk.rows {
            Self.step(of: number, slope: slope, roots: roots, into: &row)
            var target = unsafe MutableSpan(
              _unsafeStart: p + number * update.width, count: update.width)
            for i in target.indices { target[i] = target[i] * decay - row[i] * rate }
          }
        }
      }
    }
  }

  /// Some rows of a part: what one call of a parallel loop does.
  private struct Chunk: Sendable {
    var part: TensorUpdate.Part
    var rows: Range<Int>
  }

  /// The rows in chunks whose borders depend on the update alone.
  private static func chunks(of update: TensorUpdate) -> [Chunk] {
    update.parts.flatMap { part in
      stride(from: part.rows.lowerBound, to: part.rows.upperBound, by: update.grain).map {
        Chunk(part: part, rows: $0..<min($0 + update.grain, part.rows.upperBound))
      }
    }
  }

  /// The gradient of a tensor, scaled.
  private struct Slope: Sendable {
    let update: TensorUpdate
    let gradient: [Float]

    /// Copies a row.
    func read(_ row: Int, into values: inout [Float]) {
      let scale = Float(update.gradientScale)
      let start = update.start + row * update.width
      let source = gradient.span.extracting(start..<start + update.width)
      var target = values.mutableSpan
      for i in source.indices { target[i] = source[i] * scale }
    }
  }

  /// 1 over the root of the mean of squares: of each row, and of each column, whose product is that of
  /// an element; or of each element.
  private struct InverseRoots: Sendable {
    var rows: [Float]
    var columns: [Float]
  }

  /// The step of a row in units of the rate, not clipped.
  private static func step(
    of row: Int, slope: Slope, roots: InverseRoots, into values: inout [Float]
  ) {
    slope.read(row, into: &values)
    let factor = roots.rows[row]
    let columns = roots.columns.span
    var target = values.mutableSpan
    for i in columns.indices { target[i] = target[i] * factor * columns[i] }
  }

  /// The share of the old mean at an update.
  private func decay(at step: Int) -> Double { 1 - pow(Double(step), options.decayExponent) }

  /// Moves the means of the rows and columns of a matrix on.
  private mutating func meanRowsAndColumns(
    _ update: TensorUpdate, chunks: [Chunk], slope: Slope
  ) {
    let width = update.width
    let sums = parallelMap(chunks.count) { index in
      var row = [Float](repeating: 0, count: width)
      var columns = [Float](repeating: 0, count: width)
      var rows: [Double] = []
      for number in chunks[index].rows {
        slope.read(number, into: &row)
        rows.append(sumOfSquares(row.span))
        var target = columns.mutableSpan
        let source = row.span
        for i in source.indices { target[i] += source[i] * source[i] }
      }
      return (rows, columns)
    }
    var columns = [Double](repeating: 0, count: width)
    let place = places[update.index]
    for (chunk, (rows, partial)) in zip(chunks, sums) {
      let keep = decay(at: chunk.part.step)
      for (number, sum) in zip(chunk.rows, rows) {
        let mean = sum / Double(width) + options.epsilon
        rowMeans[place.row + number] = Float(
          keep * Double(rowMeans[place.row + number]) + (1 - keep) * mean)
      }
      for i in columns.indices { columns[i] += Double(partial[i]) }
    }
    columnUpdates[update.index] += 1
    let keep = decay(at: Int(columnUpdates[update.index]))
    let rowCount = Double(update.movingRowCount)
    for i in columns.indices {
      let mean = columns[i] / rowCount + options.epsilon
      columnMeans[place.column + i] = Float(
        keep * Double(columnMeans[place.column + i]) + (1 - keep) * mean)
    }
  }

  /// Moves the means of the elements of a vector on.
  private mutating func meanElements(_ update: TensorUpdate, slope: Slope) {
    var row = [Float](repeating: 0, count: update.width)
    let place = places[update.index].element
    for part in update.parts {
      let keep = decay(at: part.step)
      for number in part.rows {
        slope.read(number, into: &row)
        for (i, value) in row.enumerated() {
          let index = place + number * update.width + i
          let square = Double(value) * Double(value) + options.epsilon
          elementMeans[index] = Float(keep * Double(elementMeans[index]) + (1 - keep) * square)
        }
      }
    }
  }

  /// What the means say about steps.
  private func inverseRoots(_ update: TensorUpdate) -> InverseRoots {
    let place = places[update.index]
    var rows = [Float](repeating: 1, count: update.rowCount)
    guard isFactored[update.index] else {
      // A tensor with one row, or with rows of one element.
      let means = elementMeans[place.element..<place.element + update.rowCount * update.width]
      let roots = means.map { Float(1 / Double($0).squareRoot()) }
      return update.rowCount == 1
        ? InverseRoots(rows: rows, columns: roots) : InverseRoots(rows: roots, columns: [1])
    }
    var sum = 0.0
    for part in update.parts {
      for row in part.rows { sum += Double(rowMeans[place.row + row]) }
    }
    let mean = sum / Double(update.movingRowCount)
    for part in update.parts {
      for row in part.rows {
        rows[row] = Float((mean / Double(rowMeans[place.row + row])).squareRoot())
      }
    }
    let columns = columnMeans[place.column..<place.column + update.width]
    return InverseRoots(rows: rows, columns: columns.map { Float(1 / Double($0).squareRoot()) })
  }
}
