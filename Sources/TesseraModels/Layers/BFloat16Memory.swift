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

extension DecoderPass {
  /// Packs what the first fork over tokens multiplies with.
  func packForFirstLayer() {
    guard let bfloat16, let first = weights.layers.first else { return }
    pack([BFloat16Packing(first.queryKeyValue.weight, as: bfloat16.queryKeyValue)])
  }

  /// Packs what the fork behind a layer's attention multiplies with: the rest of the layer, and the
  /// projection of the next one.
  func packForward(layer: Int, depth: Int) {
    guard let bfloat16 else { return }
    let layerWeights = weights.layers[layer]
    var packings = [
      BFloat16Packing(layerWeights.attentionOutput.weight, as: bfloat16.attentionOutput),
      BFloat16Packing(layerWeights.gateUp.weight, as: bfloat16.gateUp),
      BFloat16Packing(layerWeights.down.weight, as: bfloat16.down),
    ]
    if layer + 1 < depth {
      packings.append(
        BFloat16Packing(
          weights.layers[layer + 1].queryKeyValue.weight, as: bfloat16.queryKeyValue))
    }
    pack(packings)
  }

  /// Packs the matrices of a layer for the way back.
  func packBackward(layer: Int) {
    guard let bfloat16 else { return }
    let layer = weights.layers[layer]
    pack([
      BFloat16Packing(transposed: layer.down.weight, as: bfloat16.down),
      BFloat16Packing(transposed: layer.gateUp.weight, as: bfloat16.gateUp),
      BFloat16Packing(transposed: layer.attentionOutput.weight, as: bfloat16.attentionOutput),
      BFloat16Packing(transposed: layer.queryKeyValue.weight, as: bfloat16.queryKeyValue),
    ])
  }
}
