import TesseraBasics
import TesseraTensors

// The gradients of adapters, from what they would have seen had they been multiplied with on their own.
//
//   y = x * (W + s * B * A)^T          x: [tokens, inputs], y: [tokens, outputs]
//   dA += s * (dy * B)^T * x           dB^T += s * (x * A^T)^T * dy

/// Tokens per call of a fork, and columns of a gradient.
private let tokenRows = 128
private let gradientColumns = 256

/// Adds the gradients of the adapters of some matrices, on all threads.
///
/// - Parameters:
///   - products: The matrices, with views of their adapters' gradients.
///   - use: How much of the adapters counts; the gradient of the rest is left as it was.
///   - memory: Memory for products of a few columns.
func addAdapterGradients(
  _ products: [WeightGradientProduct], _ use: AdapterUse?, in memory: FloatMemory
) {
  guard let use else { return }
  for product in products {
    // Adapters that do not train have no gradient.
    for gradient in product.gradient.adapters {
      guard let adapter = product.weights.adapters.first(where: { $0.rows == gradient.rows })
      else { preconditionFailure("a gradient is of an adapter of the matrix") }
      addGradient(
        of: adapter, to: gradient, input: product.input,
        outputGradient: product.outputGradient.columns(adapter.rows), use, memory)
    }
  }
}

private func addGradient(
  of adapter: AdapterWeights, to gradient: AdapterWeights, input: Matrix, outputGradient: Matrix,
  _ use: AdapterUse, _ memory: FloatMemory
) {
  let (tokens, rank) = (input.rowCount, use.rank)
  memory.reset(minimumCapacity: 2 * FloatMemory.size(rowCount: tokens, columnCount: rank))
  // x * A^T and dy * B
  let (down, up) = (memory.carve(tokens, rank), memory.carve(tokens, rank))
  let (a, b) = (adapter.a.rows(0..<rank), adapter.b.rows(0..<rank))
  parallelFor(0..<tokens, grain: tokenRows) { rows in
    multiply(into: down.rows(rows), input.rows(rows), transposed: a)
    multiply(into: up.rows(rows), outputGradient.rows(rows), transposed: b)
  }
  let parts = [
    (gradient.a.rows(0..<rank), up, input), (gradient.b.rows(0..<rank), down, outputGradient),
  ]
  let blocks = parts.flatMap { part in
    stride(from: 0, to: part.0.columnCount, by: gradientColumns).map {
      (part, $0..<min($0 + gradientColumns, part.0.columnCount))
    }
  }
  parallelFor(0..<blocks.count) { range in
    for ((output, left, right), columns) in blocks[range] {
      multiply(
        into: output.columns(columns), transposed: left, right.columns(columns), scale: use.scale,
        keep: 1)
    }
  }
}
