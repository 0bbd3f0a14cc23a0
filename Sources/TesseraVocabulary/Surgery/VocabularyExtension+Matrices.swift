internal import TesseraBasics
internal import TesseraCheckpoints

/// A matrix that grows, with what the record says about it.
struct PreparedMatrix {
  let role: MatrixRole
  let method: InitializationMethod
  /// What the method was told.
  let settings: JSONObject
  /// The tensors that hold the matrix: several where a file has it more than once, among them the head of
  /// a tied model.
  let tensors: [String]
  let matrix: ExtendedMatrix
}

extension VocabularyExtension {
  /// Measures the matrices of the base and makes the recipes of the new rows.
  func prepareMatrices(
    progress: ProgressHandler?
  ) throws(VocabularyError) -> [PreparedMatrix] {
    let matrices = base.matrices
    if matrices.tied {
      return [
        try prepare(
          .input, matrices.embeddings + matrices.heads, beside: nil, options.inputMethod,
          progress: progress)
      ]
    }
    var prepared = [
      try prepare(
        .input, matrices.embeddings, beside: matrices.head, options.inputMethod,
        progress: progress)
    ]
    // A model without a head, which gives vectors for texts, has no output rows.
    if !matrices.heads.isEmpty {
      prepared.append(
        try prepare(
          .output, matrices.heads, beside: matrices.embedding,
          options.outputMethod ?? options.inputMethod, progress: progress))
    }
    return prepared
  }

  /// Makes the new elements of the head's biases by the recipes of the head's rows.
  ///
  /// - Parameter prepared: The matrices; the last one is the head, or the embedding that is its own head.
  func prepareBiases(_ prepared: [PreparedMatrix]) throws(VocabularyError) -> [ExtendedMatrix] {
    guard let head = prepared.last, !base.matrices.headBiases.isEmpty else { return [] }
    let recipes = head.matrix.synthesizer.recipes.forBiases
    let tokenRows = base.tokenRows
    var biases: [ExtendedMatrix] = []
    for bias in base.matrices.headBiases {
      biases.append(
        ExtendedMatrix(
          layout: layout,
          synthesizer: try RowSynthesizer(
            recipes: recipes, base: bias, tokenRows: tokenRows,
            statistics: try MatrixStatistics(of: bias, rows: tokenRows))))
    }
    return biases
  }

  /// - Parameter copies: The tensors that hold the matrix.
  private func prepare(
    _ role: MatrixRole, _ copies: [TokenMatrix], beside counterpart: TokenMatrix?,
    _ method: InitializationMethod, progress: ProgressHandler?
  ) throws(VocabularyError) -> PreparedMatrix {
    let matrix = copies[0]
    let tokenRows = base.tokenRows
    let statistics = try MatrixStatistics(of: matrix, rows: tokenRows)
    let context = InitializationContext(
      tokens: tokens, tokenizer: base.tokenizer, matrix: matrix, counterpart: counterpart,
      tokenRows: tokenRows, statistics: statistics,
      initializerRange: base.checkpoint.configuration.initializerRange, progress: progress)
    let initializer = try method.initializer(from: inputs)
    // Each matrix has noise of its own, also where both use the same method.
    var random = SplitMix64(seed: options.seed, stream: role == .input ? 0 : 1)
    let recipes = try initializer.recipes(for: role, in: context, seed: random.next())
    return PreparedMatrix(
      role: role, method: method, settings: initializer.settings,
      tensors: copies.map(\.tensor.name),
      matrix: ExtendedMatrix(
        layout: layout,
        synthesizer: try RowSynthesizer(
          recipes: recipes, base: matrix, tokenRows: tokenRows, statistics: statistics)))
  }
}
