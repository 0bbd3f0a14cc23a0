import TesseraBasics
import TesseraTensors

/// Views of an adapter of some rows of a matrix, or of its gradients.
struct AdapterWeights: Sendable {
  /// The rows of the matrix: queries, keys and values have an adapter each, though they are one matrix.
  let rows: Range<Int>
  /// [rank, inputs]
  let a: Matrix
  /// [rank, outputs]: the transpose of B, so that what belongs to a rank lies together.
  let b: Matrix
}

/// How much of the adapters a pass uses.
struct AdapterUse: Hashable, Sendable {
  /// The rows of A and columns of B that count, from the first on.
  let rank: Int
  let scale: Float
}

/// Memory for the matrices of the layer at hand, with what adapters add to them.
final class AdaptedMatrices {
  private let memory = FloatMemory()
  private(set) var queryKeyValue, attentionOutput, gateUp, down: Matrix

  init() {
    let none = memory.carve(0, 0)
    (queryKeyValue, attentionOutput, gateUp, down) = (none, none, none, none)
  }

  /// The number of floats of the matrices of a layer of a model.
  static func size(of c: TransformerConfiguration) -> Int {
    c.layerMatrixShapes.reduce(0) { $0 + FloatMemory.size(rowCount: $1.0, columnCount: $1.1) }
  }

  /// Makes room for the matrices of a layer of a model.
  func reset(for c: TransformerConfiguration) {
    memory.reset(minimumCapacity: Self.size(of: c))
    var pieces = c.layerMatrixShapes.map { memory.carve($0.0, $0.1) }[...]
    queryKeyValue = pieces.removeFirst()
    attentionOutput = pieces.removeFirst()
    gateUp = pieces.removeFirst()
    down = pieces.removeFirst()
  }
}

extension TransformerConfiguration {
  /// [outputs, inputs] of the matrices of a layer, as products take them: queries, keys and values in one,
  /// attention output, inputs of the feed-forward block in one, and its output.
  var layerMatrixShapes: [(outputs: Int, inputs: Int)] {
    [
      (queryWidth + 2 * keyValueWidth, width), (width, queryWidth),
      (feedForward.inputCount * feedForwardWidth, width), (width, feedForwardWidth),
    ]
  }
}

extension ModelWeights {
  /// Views of the same parameters, where matrices with adapters are multiplied with in the given memory.
  func adapted(in memory: AdaptedMatrices) -> ModelWeights {
    var result = self
    for index in layers.indices {
      func adapt(_ linear: inout LinearWeights, _ matrix: Matrix) {
        if !linear.adapters.isEmpty { linear.adapted = matrix }
      }
      adapt(&result.layers[index].queryKeyValue, memory.queryKeyValue)
      adapt(&result.layers[index].attentionOutput, memory.attentionOutput)
      adapt(&result.layers[index].gateUp, memory.gateUp)
      adapt(&result.layers[index].down, memory.down)
    }
    return result
  }
}

/// Rows of a matrix per call of a fork.
private let mergedRows = 64

/// Makes the matrices that have adapters: the weights, and what adapters add to them.
func makeAdapted(_ linears: [LinearWeights], _ use: AdapterUse?) {
  guard let use else { return }
  let blocks = linears.flatMap { linear in
    guard let adapted = linear.adapted else { return [(LinearWeights, Matrix, Range<Int>)]() }
    return stride(from: 0, to: adapted.rowCount, by: mergedRows).map {
      (linear, adapted, $0..<min($0 + mergedRows, adapted.rowCount))
    }
  }
  parallelFor(0..<blocks.count) { range in
    for (linear, adapted, rows) in blocks[range] {
      adapted.rows(rows).copy(from: linear.weight.rows(rows))
      linear.addAdapters(to: adapted.rows(rows), rows: rows, use)
    }
  }
}

extension LinearWeights {
  /// Adds to some rows of the matrix what adapters add to them.
  func addAdapters(to matrix: Matrix, rows: Range<Int>, _ use: AdapterUse) {
    for adapter in adapters {
      let shared = rows.clamped(to: adapter.rows)
      if shared.isEmpty { continue }
      let (first, start) = (rows.lowerBound, adapter.rows.lowerBound)
      multiply(
        into: matrix.rows(shared.lowerBound - first..<shared.upperBound - first),
        transposed: adapter.b.rows(0..<use.rank)
          .columns(shared.lowerBound - start..<shared.upperBound - start),
        adapter.a.rows(0..<use.rank), scale: use.scale, keep: 1)
    }
  }
}
