import TesseraTensors

/// Views of the parameters of a norm, or of their gradients.
struct NormWeights: Sendable {
  /// [1, width]
  let weight: Matrix
  /// [1, width], where the norm has one.
  let bias: Matrix?

  init(weight: Matrix, bias: Matrix?) {
    self.weight = weight
    self.bias = bias
  }

  /// Those of a norm without a bias.
  init(_ weight: Matrix) { self.init(weight: weight, bias: nil) }
}

/// Views of a matrix and its bias, or of their gradients.
struct LinearWeights: Sendable {
  /// [outputs, inputs]
  let weight: Matrix
  /// [1, outputs], where there is one.
  let bias: Matrix?
  /// The adapters of the matrix.
  var adapters: [AdapterWeights] = []
  /// Whether gradients of the matrix and its bias are wanted.
  var isWanted = true
  /// The matrix with what adapters add to it, where it has some; made for the layer at hand.
  var adapted: Matrix?
  /// The matrix in bf16, where products are in bf16.
  var bfloat16: BFloat16Linear?

  /// What is multiplied with.
  var matrix: Matrix { adapted ?? weight }
}

/// Views of one layer's tensors, of its parameters or of their gradients.
struct LayerWeights: Sendable {
  /// The norm before the attention.
  var attentionNorm: NormWeights?
  /// [queryWidth + 2 * keyValueWidth, width]: queries, keys and values, one after the other.
  var queryKeyValue: LinearWeights
  /// [1, headWidth], or [1, queryWidth] and [1, keyValueWidth].
  var queryNorm: Matrix?
  var keyNorm: Matrix?
  /// [width, queryWidth]
  var attentionOutput: LinearWeights
  /// The norm behind the attention.
  var attentionOutputNorm: NormWeights?
  /// The norm before the feed-forward block.
  var feedForwardNorm: NormWeights?
  /// [2 * feedForwardWidth, width]: gate, then up; or up alone.
  var gateUp: LinearWeights
  /// [width, feedForwardWidth]
  var down: LinearWeights
  /// The norm behind the feed-forward block.
  var feedForwardOutputNorm: NormWeights?
}

extension LayerWeights {
  /// The matrices.
  var linears: [LinearWeights] { [queryKeyValue, attentionOutput, gateUp, down] }

  /// Whether gradients of norms are wanted, or there are norms.
  var hasNorms: Bool {
    [attentionNorm, attentionOutputNorm, feedForwardNorm, feedForwardOutputNorm]
      .contains { $0 != nil } || queryNorm != nil || keyNorm != nil
  }

  /// Whether gradients of matrices or of adapters are wanted.
  var wantsProducts: Bool { linears.contains { $0.isWanted || !$0.adapters.isEmpty } }
}

/// Views of all tensors of a model, of its parameters or of their gradients.
struct ModelWeights: Sendable {
  /// [vocabulary, width]; without elements where there are factors, until their tables are added.
  var embedding: Matrix
  /// [context, width], where positions are learned: from the row of the first position on.
  let positions: Matrix?
  /// [segments, width], where there are any.
  let segments: Matrix?
  var layers: [LayerWeights]
  var finalNorm: NormWeights
  /// What stands before the head of an encoder.
  let maskedHead: MaskedHeadWeights?
  /// [vocabulary, width]; the embedding where tied.
  var head: LinearHead
  /// What embedding and head are kept as, if they are factorized.
  let factors: TokenFactors?
  /// Of gradients, which are wanted of what is outside of layers.
  let wanted: WantedOutside

  /// Cuts the flat array, given as one row.
  ///
  /// - Parameters:
  ///   - flat: Parameters or gradients.
  ///   - c: The model.
  ///   - layout: Its layout.
  ///   - scope: Of gradients, which are wanted: layers have no views of the norms and adapters that are not.
  init(
    _ flat: Matrix, configuration c: TransformerConfiguration, layout: ParameterLayout,
    scope: GradientScope = .all
  ) {
    precondition(flat.count == layout.count)
    /// Whether one of some tensors is wanted.
    func wants(_ names: [String]) -> Bool {
      scope == .all
        || names.contains { name in layout[name].map { scope.includes($0) } ?? false }
    }
    let names = c.family.names
    /// The tensors from one name to another, which follow each other.
    func view(_ first: String, _ last: String, _ columnCount: Int) -> Matrix {
      guard let first = layout[first], let last = layout[last] else {
        preconditionFailure("the layout lacks a tensor of the family")
      }
      let range = first.range.lowerBound..<last.range.upperBound
      return flat.columns(range).reshaped(
        rowCount: range.count / columnCount, columnCount: columnCount)
    }
    func vector(_ name: String) -> Matrix { view(name, name, c.width) }
    func norm(_ name: String, _ isThere: Bool = true) -> NormWeights? {
      isThere && wants([name + c.normSuffixes.weight, name + c.normSuffixes.bias])
        ? alwaysNorm(name) : nil
    }
    func alwaysNorm(_ name: String) -> NormWeights {
      NormWeights(
        weight: vector(name + c.normSuffixes.weight),
        bias: c.norm.hasBias ? vector(name + c.normSuffixes.bias) : nil)
    }
    func table(_ name: String) -> Matrix { view(name + ".weight", name + ".weight", c.width) }

    func pair(_ names: (coordinates: String, primitives: String), _ rank: Int) -> FactorPair {
      FactorPair(
        coordinates: view(names.coordinates, names.coordinates, rank),
        primitives: view(names.primitives, names.primitives, c.width),
        wantsCoordinates: wants([names.coordinates]), wantsPrimitives: wants([names.primitives]))
    }
    factors = c.factorRank.map { rank in
      TokenFactors(
        input: pair(TokenFactors.inputNames, rank),
        output: c.tiedEmbeddings ? nil : pair(TokenFactors.outputNames, rank))
    }
    let none = flat.columns(0..<0)
    embedding = c.factorRank == nil ? view(c.embeddingName, c.embeddingName, c.width) : none
    positions =
      c.hasLearnedPositions
      ? table(c.namePrefix + names.positions).rows(
        c.positionOffset..<c.positionOffset + c.contextLength) : nil
    segments = c.segmentCount > 0 ? table(c.namePrefix + names.segments) : nil
    layers = (0..<c.layerCount).map { layer in
      let prefix = "\(c.namePrefix)\(names.layers).\(layer)."
      func linear(
        _ modules: [(name: String, rowCount: Int)], inputs: Int, _ kind: LayerMatrices
      ) -> LinearWeights {
        let names = modules.map { prefix + $0.name }
        let (first, last) = (names[0], names[names.count - 1])
        let outputs = modules.reduce(0) { $0 + $1.rowCount }
        var adapters: [AdapterWeights] = []
        var start = 0
        for (name, rowCount) in zip(names, modules.map(\.rowCount)) {
          let rows = start..<start + rowCount
          start = rows.upperBound
          let (a, b) = (name + AdapterNames.a, name + AdapterNames.b)
          guard c.adapters?.adapt(kind, ofLayer: layer) ?? false, wants([a, b]) else { continue }
          adapters.append(
            AdapterWeights(rows: rows, a: view(a, a, inputs), b: view(b, b, rowCount)))
        }
        return LinearWeights(
          weight: view(first + ".weight", last + ".weight", inputs),
          bias: c.biases.contains(kind) ? view(first + ".bias", last + ".bias", outputs) : nil,
          adapters: adapters,
          isWanted: wants(names.map { $0 + ".weight" } + names.map { $0 + ".bias" }))
      }
      let widths = c.queryKeyNormWidths
      func heads(_ name: String, _ width: Int) -> Matrix? {
        let name = prefix + name + ".weight"
        return wants([name]) ? view(name, name, width) : nil
      }
      return LayerWeights(
        attentionNorm: norm(
          names.attentionNorm(ofLayer: layer, c), c.normPlacement.isBefore),
        queryKeyValue: linear(
          names.queryKeyValueParts(c), inputs: c.width, .queryKeyValue),
        queryNorm: widths.flatMap { heads(names.queryNorm, $0.queries) },
        keyNorm: widths.flatMap { heads(names.keyNorm, $0.keys) },
        attentionOutput: linear(
          [(names.attentionOutput, c.width)], inputs: c.queryWidth, .attentionOutput),
        attentionOutputNorm: norm(prefix + names.attentionOutputNorm, c.normPlacement.isAfter),
        feedForwardNorm: norm(prefix + names.feedForwardNorm, c.normPlacement.isBefore),
        gateUp: linear(
          names.feedForwardInput.map { ($0, c.feedForwardWidth) }, inputs: c.width, .feedForward),
        down: linear(
          [(names.feedForwardOutput, c.width)], inputs: c.feedForwardWidth, .feedForward),
        feedForwardOutputNorm: norm(
          prefix + names.feedForwardOutputNorm, c.normPlacement.isAfter))
    }
    finalNorm = alwaysNorm(names.finalNorm(c))
    maskedHead = c.maskedHead.map { _ in
      MaskedHeadWeights(
        dense: LinearWeights(
          weight: table(names.maskedHead.dense), bias: vector(names.maskedHead.dense + ".bias")),
        norm: alwaysNorm(names.maskedHead.norm),
        bias: view(names.headBias(c), names.headBias(c), c.vocabularySize))
    }
    head = LinearHead(
      weight: c.tiedEmbeddings
        ? embedding : c.factorRank == nil ? view(c.headName, c.headName, c.width) : none)
    let (normName, denseName) = (names.finalNorm(c), names.maskedHead.dense)
    func tableNames(
      _ whole: String, _ factors: (coordinates: String, primitives: String)
    ) -> [String] {
      c.factorRank == nil ? [whole] : [factors.coordinates, factors.primitives]
    }
    let embeddingNames = tableNames(c.embeddingName, TokenFactors.inputNames)
    wanted = WantedOutside(
      embedding: wants(embeddingNames),
      positions: wants(
        [names.positions, names.segments].map { c.namePrefix + $0 + ".weight" }),
      finalNorm: wants([normName + c.normSuffixes.weight, normName + c.normSuffixes.bias]),
      maskedHead: wants(
        [denseName + ".weight", denseName + ".bias", names.headBias(c)]
          + [c.normSuffixes.weight, c.normSuffixes.bias].map { names.maskedHead.norm + $0 }),
      head: wants(
        c.tiedEmbeddings ? embeddingNames : tableNames(c.headName, TokenFactors.outputNames)))
  }
}
