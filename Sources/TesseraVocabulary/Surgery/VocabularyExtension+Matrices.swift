internal import TesseraBasics
internal import TesseraCheckpoints

/// A matrix that grows, with what the record says about it.
struct PreparedMatrix {
  let role: MatrixRole
  let method: InitializationMethod
  /// What the method was told.
  let settings: JSONObject
  /// The tensors that hold the matrix: two for a tied model that stores its head as well.
  let tensors: [String]
  let matrix: ExtendedMatrix
}

extension VocabularyExtension {
  /// Measures the matrices of the base and makes the recipes of the new rows.
  func prepareMatrices(
    progress: ProgressHandler?
  ) throws(VocabularyError) -> [PreparedMatrix] {
    let matrices = base.matrices
    let embedding = matrices.embedding.tensor.name
    let head = matrices.head?.tensor.name
    var prepared = [
      try prepare(
        .input, matrices.embedding, beside: matrices.tied ? nil : matrices.head,
        options.inputMethod,
        tensors: matrices.tied ? [embedding] + (head.map { [$0] } ?? []) : [embedding],
        progress: progress)
    ]
    if !matrices.tied, let matrix = matrices.head, let head {
      prepared.append(
        try prepare(
          .output, matrix, beside: matrices.embedding,
          options.outputMethod ?? options.inputMethod, tensors: [head], progress: progress))
    }
    return prepared
  }

  private func prepare(
    _ role: MatrixRole, _ matrix: TokenMatrix, beside counterpart: TokenMatrix?,
    _ method: InitializationMethod, tensors: [String], progress: ProgressHandler?
  ) throws(VocabularyError) -> PreparedMatrix {
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
      role: role, method: method, settings: initializer.settings, tensors: tensors,
      matrix: ExtendedMatrix(
        layout: layout,
        synthesizer: try RowSynthesizer(
          recipes: recipes, base: matrix, tokenRows: tokenRows, statistics: statistics)))
  }
}
