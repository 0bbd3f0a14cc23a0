import TesseraModels

/// What an optimizer does with one tensor at a time, and what it remembers.
///
/// ``Optimizer`` decides which rows move; a method decides where to.
protocol OptimizerMethod: Sendable {
  /// What it remembers.
  var memories: [OptimizerMemory] { get }

  /// Continues from memories of the same names, types and lengths.
  mutating func restore(_ state: OptimizerState)

  /// Moves rows of a tensor.
  ///
  /// - Parameters:
  ///   - update: Which rows, and how fast.
  ///   - parameters: All parameters of the layout, changed in place.
  ///   - gradient: The gradient, in the same layout.
  mutating func apply(_ update: TensorUpdate, to parameters: inout [Float], gradient: [Float])
}

/// The rows of a tensor that move in one step.
struct TensorUpdate: Sendable {
  /// Rows that lie together, are at the same step and move at the same rate.
  struct Part: Hashable, Sendable {
    /// The rows.
    var rows: Range<Int>
    /// The number of their updates, this one included.
    var step: Int
    /// The rate.
    var learningRate: Double
    /// The share of a weight, times the rate, that is taken away.
    var weightDecay: Double
  }

  /// The tensor's place in the layout.
  let index: Int
  /// The place of its first element.
  let start: Int
  /// The number of all its rows; a vector is one row.
  let rowCount: Int
  /// The length of a row.
  let width: Int
  /// A factor on the gradient.
  let gradientScale: Double
  /// The rows, in ascending order, none of them twice; at least one.
  var parts: [Part]

  /// Rows for one chunk of a parallel loop: enough elements to hide a fork, by the shape alone.
  var grain: Int { max(1, (1 << 15) / width) }

  /// The number of rows that move.
  var movingRowCount: Int { parts.reduce(0) { $0 + $1.rows.count } }
}
