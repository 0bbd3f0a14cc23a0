import TesseraTensors

/// The memory of products in bf16: the matrices of the layer at hand, packed for the direction of the pass,
/// and what they are multiplied with.
///
/// Matrices are packed layer by layer and not kept: that takes a few percent of the time of their products, and
/// no more memory than one layer.
final class BFloat16Memory: Sendable {
  /// For the factors of tiles, which many calls pack at a time.
  let tiles = BFloat16Scratch()
  /// The matrices of a layer, as right factors.
  let queryKeyValue = BFloat16Factor(.right)
  let attentionOutput = BFloat16Factor(.right)
  let gateUp = BFloat16Factor(.right)
  let down = BFloat16Factor(.right)
  /// [outputs, tokens]: the gradient of what a matrix gave, of one matrix at a time.
  let outputGradient = BFloat16Factor(.left)
  /// [inputs, tokens]: what the matrix was multiplied with.
  let input = BFloat16Factor(.right)
  /// The factors of the head's products.
  let head = BFloat16Head()

  /// The bytes that a pass takes, without the tiles of threads, which are few.
  static func byteSize(
    of c: TransformerConfiguration, tokens: Int, headRows: Int, isTraining: Bool
  ) -> Int {
    func size(_ rowCount: Int, _ width: Int) -> Int {
      BFloat16Factor.byteSize(rowCount: rowCount, width: width)
    }
    let shapes = c.layerMatrixShapes
    // A factor is as large as the larger of its two directions.
    var total = shapes.reduce(0) { sum, shape in
      sum
        + max(size(shape.outputs, shape.inputs), isTraining ? size(shape.inputs, shape.outputs) : 0)
    }
    if isTraining {
      total += shapes.map { size($0.outputs, tokens) }.max() ?? 0
      total += shapes.map { size($0.inputs, tokens) }.max() ?? 0
    }
    return total
      + BFloat16Head.byteSize(
        vocabularySize: c.vocabularySize, width: c.width, rows: headRows, isTraining: isTraining)
  }
}

/// A matrix whose products are in bf16.
struct BFloat16Linear: Sendable {
  /// The matrix, packed for the direction of the pass.
  let factor: BFloat16Factor
  /// Memory for what it is multiplied with.
  let tiles: BFloat16Scratch
}

extension ModelWeights {
  /// Views of the same parameters, whose products are in bf16.
  func inBFloat16(_ memory: BFloat16Memory) -> ModelWeights {
    func linear(_ factor: BFloat16Factor) -> BFloat16Linear {
      BFloat16Linear(factor: factor, tiles: memory.tiles)
    }
    var result = self
    for index in layers.indices {
      result.layers[index].queryKeyValue.bfloat16 = linear(memory.queryKeyValue)
      result.layers[index].attentionOutput.bfloat16 = linear(memory.attentionOutput)
      result.layers[index].gateUp.bfloat16 = linear(memory.gateUp)
      result.layers[index].down.bfloat16 = linear(memory.down)
    }
    result.head = LinearHead(weight: head.weight, bfloat16: memory.head)
    return result
  }
}
