import TesseraModels
import TesseraTensors

/// A Llama in Double, from the definitions of its operations: slow, and short enough to be read.
struct ReferenceTransformer {
  var configuration: TransformerConfiguration
  var layout: ParameterLayout
  var parameters: [Double]

  init(_ model: Transformer) {
    configuration = model.configuration
    layout = model.layout
    parameters = model.parameters.map(Double.init)
  }

  private func tensor(_ name: String) -> [Double] {
    Array(parameters[layout[name]!.range])
  }

  /// The logits of every position of one sequence.
  ///
  /// - Parameter documents: The document of each position, where there are several.
  func logits(for tokens: [Int32], documents: [Int]? = nil) -> [Double] {
    let output = states(for: tokens, depth: configuration.layerCount, documents: documents)
    return linear(
      output,
      configuration.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight")
  }

  /// The hidden states of one sequence after some layers, and after the final norm if these are all.
  func states(for tokens: [Int32], depth: Int, documents: [Int]? = nil) -> [Double] {
    let embedding = tensor("model.embed_tokens.weight")
    let width = configuration.width
    return states(
      from: tokens.flatMap { embedding[Int($0) * width..<(Int($0) + 1) * width] }, depth: depth,
      documents: documents)
  }

  /// As above, from rows of the embedding.
  func states(from rows: [Double], depth: Int, documents: [Int]? = nil) -> [Double] {
    let c = configuration
    var stream = rows
    for layer in 0..<depth {
      let prefix = "model.layers.\(layer)."
      let normed = norm(stream, prefix + "input_layernorm.weight")
      let attended = attention(normed, prefix + "self_attn.", documents)
      let projected = linear(attended, prefix + "self_attn.o_proj.weight")
      stream = zip(stream, projected).map(+)
      let middle = norm(stream, prefix + "post_attention_layernorm.weight")
      let gate = linear(middle, prefix + "mlp.gate_proj.weight")
      let up = linear(middle, prefix + "mlp.up_proj.weight")
      let width = c.feedForwardWidth
      var gateUp: [Double] = []
      for row in 0..<rows.count / c.width {
        let range = row * width..<(row + 1) * width
        gateUp += gate[range]
        gateUp += up[range]
      }
      let hidden = swiGLUReference(gateUp: gateUp, width: width)
      stream = zip(stream, linear(hidden, prefix + "mlp.down_proj.weight")).map(+)
    }
    return depth == c.layerCount ? norm(stream, "model.norm.weight") : stream
  }

  /// The losses of every position of a batch, 0 without a target.
  func tokenLosses(of batch: TokenBatch) -> [Double] {
    (0..<batch.sequenceCount).flatMap { sequence in
      let range = sequence * batch.sequenceLength..<(sequence + 1) * batch.sequenceLength
      let documents = range.map { position in batch.documentStarts.count { $0 <= position } }
      let logits = logits(for: Array(batch.inputs[range]), documents: documents)
      let size = configuration.vocabularySize
      return range.enumerated().map { position, index in
        let row = Array(logits[position * size..<(position + 1) * size])
        let target = Int(batch.targets[index])
        return target < 0 ? 0 : crossEntropyReference(logits: row, target: target)
      }
    }
  }

  private func norm(_ input: [Double], _ name: String) -> [Double] {
    rmsNormReference(
      input: input, weight: tensor(name), epsilon: Double(configuration.normEpsilon))
  }

  private func linear(_ input: [Double], _ name: String) -> [Double] {
    let shape = layout[name]!.shape
    return multiplyReference(
      input, rows: input.count / shape[1], inner: shape[1], tensor(name), columns: shape[0],
      bIsTransposed: true)
  }

  private func attention(
    _ input: [Double], _ prefix: String, _ documents: [Int]?
  ) -> [Double] {
    let c = configuration
    let queries = rotated(linear(input, prefix + "q_proj.weight"), c.headCount, documents)
    let keys = rotated(linear(input, prefix + "k_proj.weight"), c.keyValueHeadCount, documents)
    let values = linear(input, prefix + "v_proj.weight")
    let length = input.count / c.width
    var output = [Double](repeating: 0, count: length * c.queryWidth)
    for head in 0..<c.headCount {
      let group = head / (c.headCount / c.keyValueHeadCount)
      let result = causalAttentionReference(
        queries: column(head, of: queries, heads: c.headCount),
        keys: column(group, of: keys, heads: c.keyValueHeadCount),
        values: column(group, of: values, heads: c.keyValueHeadCount), width: c.headWidth,
        documents: documents)
      for t in 0..<length {
        for i in 0..<c.headWidth {
          output[t * c.queryWidth + head * c.headWidth + i] = result[t * c.headWidth + i]
        }
      }
    }
    return output
  }

  private func rotated(_ rows: [Double], _ heads: Int, _ documents: [Int]?) -> [Double] {
    let width = heads * configuration.headWidth
    return (0..<rows.count / width).flatMap { row in
      rotateReference(
        Array(rows[row * width..<(row + 1) * width]),
        position: row - (documents?.firstIndex(of: documents?[row] ?? 0) ?? 0),
        headWidth: configuration.headWidth, theta: configuration.attention(ofLayer: 0).rotary!.theta
      )
    }
  }

  private func column(_ head: Int, of rows: [Double], heads: Int) -> [Double] {
    let (width, total) = (configuration.headWidth, heads * configuration.headWidth)
    return (0..<rows.count / total).flatMap { row -> ArraySlice<Double> in
      let start = row * total + head * width
      return rows[start..<start + width]
    }
  }
}
