import TesseraBasics
import TesseraTensors

// The three products of training with a matrix of a layer, in f32 or bf16:
//
//   forward:           y   = x * W^T + bias     x: [tokens, inputs], y: [tokens, outputs]
//   input gradient:    dx  = dy * W
//   weight gradient:   dW += dy^T * x           dbias += the sum of dy's rows

/// Rows of a weight per call of a fork over weights.
private let weightRows = 256

/// output = input * weight^T + bias + keep * output, with `keep` 0 or 1.
func multiply(into output: Matrix, _ input: Matrix, by linear: LinearWeights, keep: Float = 0) {
  var keep = keep
  if let bias = linear.bias {
    if keep == 0 { output.fill(with: 0) }
    add(bias, toRowsOf: output)
    keep = 1
  }
  if let packed = linear.bfloat16 {
    multiply(
      into: output, packing: input, transposed: packed.factor, keep: keep, scratch: packed.tiles)
  } else {
    multiply(into: output, input, transposed: linear.matrix, keep: keep)
  }
}

/// inputGradient = outputGradient * weight + keep * inputGradient, with `keep` 0 or 1.
func multiplyBackward(
  into inputGradient: Matrix, _ outputGradient: Matrix, by linear: LinearWeights, keep: Float = 0
) {
  if let packed = linear.bfloat16 {
    multiply(
      into: inputGradient, packing: outputGradient, transposed: packed.factor, keep: keep,
      scratch: packed.tiles)
  } else {
    multiply(into: inputGradient, outputGradient, linear.matrix, keep: keep)
  }
}

/// The product that makes the gradient of one matrix.
struct WeightGradientProduct: Sendable {
  let weights: LinearWeights
  /// Views of the gradients, which are added to.
  let gradient: LinearWeights
  /// [tokens, outputs]
  let outputGradient: Matrix
  /// [tokens, inputs]
  let input: Matrix
}

/// Adds the gradients of those of some matrices and their biases that are wanted, on all threads.
///
/// - Parameter memory: The memory of products in bf16; nil for products in f32.
func addWeightGradients(_ products: [WeightGradientProduct], in memory: BFloat16Memory?) {
  let products = products.filter(\.gradient.isWanted)
  guard let memory else {
    let blocks = products.flatMap { product in
      weightBlocks(product).map { (product, $0) }
    }
    parallelFor(0..<blocks.count) { range in
      for (product, rows) in blocks[range] {
        multiply(
          into: product.gradient.weight.rows(rows),
          transposed: product.outputGradient.columns(rows), product.input, keep: 1)
        addBiasGradient(product, rows)
      }
    }
    return
  }
  for product in products { addWeightGradient(product, in: memory) }
}

/// Both factors are packed by tiles of tokens, and then shared by the blocks of the weight's rows.
private func addWeightGradient(_ product: WeightGradientProduct, in memory: BFloat16Memory) {
  let (left, right) = (memory.outputGradient, memory.input)
  pack([
    BFloat16Packing(transposed: product.outputGradient, as: left),
    BFloat16Packing(transposed: product.input, as: right),
  ])
  let blocks = weightBlocks(product)
  parallelFor(0..<blocks.count) { range in
    for rows in blocks[range] {
      multiply(
        into: product.gradient.weight.rows(rows), left, rows: rows, transposed: right, keep: 1)
      addBiasGradient(product, rows)
    }
  }
}

private func weightBlocks(_ product: WeightGradientProduct) -> [Range<Int>] {
  let count = product.gradient.weight.rowCount
  return stride(from: 0, to: count, by: weightRows).map { $0..<min($0 + weightRows, count) }
}

private func addBiasGradient(_ product: WeightGradientProduct, _ rows: Range<Int>) {
  guard let bias = product.gradient.bias else { return }
  addRows(of: product.outputGradient.columns(rows), to: bias.columns(rows))
}
