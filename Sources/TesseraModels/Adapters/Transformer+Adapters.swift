import TesseraBasics
import TesseraTensors

extension Transformer {
  /// The same model with new adapters: A uniform up to one over the root of its inputs, B zero.
  ///
  /// - Parameters:
  ///   - adapters: Which.
  ///   - seed: Where A comes from.
  /// - Precondition: The model has no adapters yet, and has the layers.
  public func adding(_ adapters: LowRankAdapters, seed: UInt64) -> Transformer {
    precondition(configuration.adapters == nil, "the model has adapters")
    precondition(
      adapters.layers?.allSatisfy { (0..<configuration.layerCount).contains($0) } ?? true,
      "the model has the layers")
    var adapted = configuration
    adapted.adapters = adapters
    let layout = ParameterLayout(adapted)
    var parameters = [Float](repeating: 0, count: layout.count)
    var random = SplitMix64(seed: seed)
    for tensor in layout.tensors {
      if let old = self.layout[tensor.name] {
        parameters.replaceSubrange(tensor.range, with: self.parameters[old.range])
      } else if tensor.name.hasSuffix(AdapterNames.a) {
        // Of a Kaiming initialization with a slope of sqrt(5), as in LoRA.
        let limit = 1 / Float(tensor.shape[1]).squareRoot()
        for i in tensor.range { parameters[i] = limit * (2 * Float(random.uniform()) - 1) }
      }
    }
    var result = Transformer(configuration: adapted, parameters: parameters)
    result.unused = unused
    return result
  }

  /// The same model without adapters: what they add is a part of the matrices.
  ///
  /// - Parameter rank: How many rows of A and columns of B count; nil for all.
  public func mergingAdapters(rank: Int? = nil) -> Transformer {
    guard let adapters = configuration.adapters else { return self }
    let use = AdapterUse(adapters, rank: rank)
    var plain = configuration
    plain.adapters = nil
    let layout = ParameterLayout(plain)
    var parameters = [Float](repeating: 0, count: layout.count)
    for tensor in layout.tensors {
      guard let old = self.layout[tensor.name] else {
        preconditionFailure("adapters are added to a model, and take nothing away")
      }
      parameters.replaceSubrange(tensor.range, with: self.parameters[old.range])
    }
    withWeights { adapted in
      unsafe parameters.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        // SAFETY: the view has the array's size, and dies before the closure returns.
        let flat = unsafe Matrix(base: base, rowCount: 1, columnCount: buffer.count)
        let merged = ModelWeights(flat, configuration: plain, layout: layout)
        for (from, to) in zip(adapted.layers, merged.layers) {
          for (linear, matrix) in zip(from.linears, to.linears.map(\.weight)) {
            linear.addAdapters(to: matrix, rows: 0..<matrix.rowCount, use)
          }
        }
      }
    }
    var result = Transformer(configuration: plain, parameters: parameters)
    result.unused = unused
    return result
  }
}

extension AdapterUse {
  /// The use of the first ranks, or of all.
  init(_ adapters: LowRankAdapters, rank: Int?) {
    let rank = rank ?? adapters.rank
    precondition((1...adapters.rank).contains(rank), "adapters have as many ranks")
    self.init(rank: rank, scale: Float(adapters.scale(atRank: rank)))
  }
}
