import TesseraTensors

// Norms whose weights are stored less one are computed with the whole weights, which are made once for a
// pass. The gradients of both are the same.

extension ModelWeights {
  /// The floats that ``addingUnitOffsets(in:)`` takes.
  static func unitOffsetSize(_ c: TransformerConfiguration) -> Int {
    let vector = FloatMemory.size(rowCount: 1, columnCount: c.width)
    let heads = c.queryKeyNormWidths.map {
      FloatMemory.size(rowCount: 1, columnCount: $0.queries)
        + FloatMemory.size(rowCount: 1, columnCount: $0.keys)
    }
    let sites = (c.normPlacement.isBefore ? 2 : 0) + (c.normPlacement.isAfter ? 2 : 0)
    return c.layerCount * (sites * vector + (heads ?? 0)) + vector
  }

  /// The same weights, with one added to those of all norms.
  func addingUnitOffsets(in memory: FloatMemory) -> ModelWeights {
    func whole(_ weight: Matrix) -> Matrix {
      let sum = memory.carve(1, weight.columnCount)
      sum.fill(with: 1)
      add(weight, to: sum)
      return sum
    }
    func whole(_ norm: NormWeights) -> NormWeights {
      NormWeights(weight: whole(norm.weight), bias: norm.bias)
    }
    var result = self
    for index in layers.indices {
      var layer = layers[index]
      layer.attentionNorm = layer.attentionNorm.map(whole)
      layer.queryNorm = layer.queryNorm.map(whole)
      layer.keyNorm = layer.keyNorm.map(whole)
      layer.attentionOutputNorm = layer.attentionOutputNorm.map(whole)
      layer.feedForwardNorm = layer.feedForwardNorm.map(whole)
      layer.feedForwardOutputNorm = layer.feedForwardOutputNorm.map(whole)
      result.layers[index] = layer
    }
    result.finalNorm = whole(finalNorm)
    return result
  }
}
