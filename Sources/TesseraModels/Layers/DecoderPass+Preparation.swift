import TesseraTensors

// What products of a layer multiply with is made for the layer at hand, before the forks that need it:
// matrices with what adapters add to them, and matrices in bf16. Where there is neither, nothing is done.

extension DecoderPass {
  /// Makes what the first fork over tokens multiplies with.
  func prepareFirstLayer() {
    guard let first = weights.layers.first else { return }
    makeAdapted([first.queryKeyValue], adapterUse)
    guard let bfloat16 else { return }
    pack([BFloat16Packing(first.queryKeyValue.matrix, as: bfloat16.queryKeyValue)])
  }

  /// Makes what the fork behind a layer's attention multiplies with: the rest of the layer, and the
  /// projection of the next one.
  func prepareForward(layer: Int, depth: Int) {
    let next = layer + 1 < depth ? weights.layers[layer + 1].queryKeyValue : nil
    let layer = weights.layers[layer]
    makeAdapted(
      [layer.attentionOutput, layer.gateUp, layer.down] + (next.map { [$0] } ?? []), adapterUse)
    guard let bfloat16 else { return }
    var packings = [
      BFloat16Packing(layer.attentionOutput.matrix, as: bfloat16.attentionOutput),
      BFloat16Packing(layer.gateUp.matrix, as: bfloat16.gateUp),
      BFloat16Packing(layer.down.matrix, as: bfloat16.down),
    ]
    if let next { packings.append(BFloat16Packing(next.matrix, as: bfloat16.queryKeyValue)) }
    pack(packings)
  }

  /// Makes all matrices of a layer, where it is computed once more.
  func prepareWhole(layer: Int) {
    let layer = weights.layers[layer]
    makeAdapted(layer.linears, adapterUse)
    guard let bfloat16 else { return }
    pack([
      BFloat16Packing(layer.queryKeyValue.matrix, as: bfloat16.queryKeyValue),
      BFloat16Packing(layer.attentionOutput.matrix, as: bfloat16.attentionOutput),
      BFloat16Packing(layer.gateUp.matrix, as: bfloat16.gateUp),
      BFloat16Packing(layer.down.matrix, as: bfloat16.down),
    ])
  }

  /// Makes the matrices of a layer for the way back.
  func prepareBackward(layer: Int) {
    let layer = weights.layers[layer]
    makeAdapted(layer.linears, adapterUse)
    guard let bfloat16 else { return }
    pack([
      BFloat16Packing(transposed: layer.down.matrix, as: bfloat16.down),
      BFloat16Packing(transposed: layer.gateUp.matrix, as: bfloat16.gateUp),
      BFloat16Packing(transposed: layer.attentionOutput.matrix, as: bfloat16.attentionOutput),
      BFloat16Packing(transposed: layer.queryKeyValue.matrix, as: bfloat16.queryKeyValue),
    ])
  }
}
