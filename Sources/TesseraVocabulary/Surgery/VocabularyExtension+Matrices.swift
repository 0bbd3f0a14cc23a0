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
    let tokenRows = base.tokenRows
    // Both are measured, and found to be finite, before either is used: some methods read the other one.
    let embedding = try MatrixStatistics(of: matrices.embedding, rows: tokenRows)
    if matrices.tied {
      return [
        try prepare(
          .input, matrices.embeddings + matrices.heads, embedding, beside: nil, progress: progress)
      ]
    }
    // A model without a head, which gives vectors for texts, has no output rows.
    guard let head = matrices.head else {
      return [try prepare(.input, matrices.embeddings, embedding, beside: nil, progress: progress)]
    }
    let output = try MatrixStatistics(of: head, rows: tokenRows)
    let input = try prepare(
      .input, matrices.embeddings, embedding, beside: head, progress: progress)
    return [
      input,
      try prepare(
        .output, matrices.heads, output, beside: matrices.embedding, sharing: input,
        progress: progress),
    ]
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

  /// - Parameters:
  ///   - copies: The tensors that hold the matrix.
  ///   - statistics: Those of the matrix.
  ///   - counterpart: The matrix of the other role.
  ///   - other: What was prepared for it already.
  private func prepare(
    _ role: MatrixRole, _ copies: [TokenMatrix], _ statistics: MatrixStatistics,
    beside counterpart: TokenMatrix?, sharing other: PreparedMatrix? = nil,
    progress: ProgressHandler?
  ) throws(VocabularyError) -> PreparedMatrix {
    let matrix = copies[0]
    let context = InitializationContext(
      tokens: tokens, tokenizer: base.tokenizer, extended: tokenizer, matrix: matrix,
      counterpart: counterpart, tokenRows: base.tokenRows, statistics: statistics,
      initializerRange: base.checkpoint.configuration.initializerRange, progress: progress)
    let (recipes, settings) = try recipes(for: role, in: context, sharing: other)
    return PreparedMatrix(
      role: role, method: options.method(for: role), settings: settings,
      tensors: copies.map(\.tensor.name),
      matrix: ExtendedMatrix(
        layout: layout,
        synthesizer: try RowSynthesizer(
          recipes: recipes, base: matrix, tokenRows: base.tokenRows, statistics: statistics)))
  }

  /// The recipes of one matrix, and what their method was told.
  private func recipes(
    for role: MatrixRole, in context: InitializationContext, sharing other: PreparedMatrix?
  ) throws(VocabularyError) -> (RowRecipes, JSONObject) {
    let method = options.method(for: role)
    // Each matrix has noise of its own, also where both use the same method.
    var random = SplitMix64(seed: options.seed, stream: role == .input ? 0 : 1)
    let seed = random.next()
    if let delta, !delta.hasOffsets(for: role) {
      return (
        try delta.recipes(for: role, seed: seed, rowCount: base.rowCount),
        delta.settings(for: role)
      )
    }
    let initializer: any RowInitializer
    if let delta {
      // What a method that is made from nothing else has done to the base, it does again.
      do { initializer = try method.initializer() } catch {
        throw .rowsNotRecorded(path: delta.path, method: method)
      }
    } else {
      initializer = try method.initializer(from: inputs)
    }
    if let other, other.method == method, initializer.sharesRecipes {
      var recipes = other.matrix.synthesizer.recipes
      recipes.seed = seed
      return (recipes, other.settings)
    }
    return (
      try initializer.recipes(for: role, in: context, seed: seed), initializer.settings
    )
  }
}
