internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// A matrix that gets new rows, with what the record says about it.
struct PreparedMatrix {
  let role: MatrixRole
  let method: InitializationMethod
  /// What the method was told.
  let settings: JSONObject
  /// The tensors that hold the matrix: several where a file has it more than once, among them the head of
  /// a tied model.
  let tensors: [String]
  /// What makes the new rows.
  let synthesizer: RowSynthesizer
}

/// All that gets new rows.
struct PreparedMatrices {
  /// The embedding, and the head of a model that has its own.
  let matrices: [PreparedMatrix]
  /// The biases of the head.
  let biases: [RowSynthesizer]

  /// Each tensor with what makes its new rows: first those of the matrices, then the biases.
  var tensors: [(name: String, synthesizer: RowSynthesizer)] {
    matrices.flatMap { matrix in matrix.tensors.map { ($0, matrix.synthesizer) } }
      + biases.map { ($0.base.tensor.name, $0) }
  }

  /// What is to be said of them once their rows are written.
  ///
  /// - Parameters:
  ///   - norms: The norms of the new rows, in the order of ``tensors``.
  ///   - base: The base.
  ///   - fillerCount: The number of new rows without a token.
  func report(
    _ norms: [NewRowNorms], of base: BaseModel, fillerCount: Int
  ) -> (matrices: [ExtensionReport.Matrix], biases: [ExtensionReport.Bias]) {
    var norms = norms[...]
    let matrices = self.matrices.map { matrix in
      defer { norms = norms.dropFirst(matrix.tensors.count) }
      return ExtensionReport.Matrix(
        role: matrix.role, tensor: matrix.tensors[0], copies: Array(matrix.tensors.dropFirst()),
        method: matrix.method, baseMeanNorm: matrix.synthesizer.statistics.meanNorm,
        newNorms: norms[norms.startIndex],
        substituteCount: matrix.synthesizer.recipes.substituteCount,
        substitutesAreNoise: matrix.synthesizer.recipes.noise != .none,
        certificate: HullCertificate(
          matrix.synthesizer.recipes, rowCount: base.rowCount, tokenRows: base.tokenRows,
          fillerCount: fillerCount))
    }
    let biases = zip(self.biases, norms).map { bias, norms in
      ExtensionReport.Bias(
        tensor: bias.base.tensor.name, baseMeanMagnitude: bias.statistics.meanNorm,
        newMagnitudes: norms)
    }
    return (matrices, biases)
  }
}

/// Measures the matrices of a base and makes the recipes of new rows, wherever those will stand.
struct MatrixPreparation {
  let base: BaseModel
  let tokens: NewTokens
  /// The tokenizer with the new tokens.
  let tokenizer: Tokenizer
  /// The tokens that both tokenizers have, if not all of the base's keep their IDs.
  var shared: [SharedToken]?
  let options: ExtensionOptions
  let inputs: InitializationInputs
  /// What the record has to say, if the rows were made before.
  var delta: ExtensionDelta?
  let progress: ProgressHandler?

  /// The recipes of all matrices and biases.
  func run() throws(VocabularyError) -> PreparedMatrices {
    let matrices = try self.matrices()
    return PreparedMatrices(matrices: matrices, biases: try biases(of: matrices))
  }

  private func matrices() throws(VocabularyError) -> [PreparedMatrix] {
    let matrices = base.matrices
    let tokenRows = base.tokenRows
    // Both are measured, and found to be finite, before either is used: some methods read the other one.
    let embedding = try MatrixStatistics(of: matrices.embedding, rows: tokenRows)
    if matrices.tied {
      return [
        try prepare(.input, matrices.embeddings + matrices.heads, embedding, beside: nil)
      ]
    }
    // A model without a head, which gives vectors for texts, has no output rows.
    guard let head = matrices.head else {
      return [try prepare(.input, matrices.embeddings, embedding, beside: nil)]
    }
    let output = try MatrixStatistics(of: head, rows: tokenRows)
    let input = try prepare(.input, matrices.embeddings, embedding, beside: head)
    return [
      input,
      try prepare(.output, matrices.heads, output, beside: matrices.embedding, sharing: input),
    ]
  }

  /// Makes the new elements of the head's biases by the recipes of the head's rows.
  ///
  /// - Parameter prepared: The matrices; the last one is the head, or the embedding that is its own head.
  private func biases(
    of prepared: [PreparedMatrix]
  ) throws(VocabularyError) -> [RowSynthesizer] {
    guard let head = prepared.last, !base.matrices.headBiases.isEmpty else { return [] }
    let recipes = head.synthesizer.recipes.forBiases
    let tokenRows = base.tokenRows
    var biases: [RowSynthesizer] = []
    for bias in base.matrices.headBiases {
      biases.append(
        try RowSynthesizer(
          recipes: recipes, base: bias, tokenRows: tokenRows,
          statistics: try MatrixStatistics(of: bias, rows: tokenRows)))
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
    beside counterpart: TokenMatrix?, sharing other: PreparedMatrix? = nil
  ) throws(VocabularyError) -> PreparedMatrix {
    let matrix = copies[0]
    let context = InitializationContext(
      tokens: tokens, tokenizer: base.tokenizer, extended: tokenizer, shared: shared,
      matrix: matrix, counterpart: counterpart, tokenRows: base.tokenRows, statistics: statistics,
      initializerRange: base.checkpoint.configuration.initializerRange, progress: progress)
    let (recipes, settings) = try recipes(for: role, in: context, sharing: other)
    return PreparedMatrix(
      role: role, method: options.method(for: role), settings: settings,
      tensors: copies.map(\.tensor.name),
      synthesizer: try RowSynthesizer(
        recipes: recipes, base: matrix, tokenRows: base.tokenRows, statistics: statistics,
        progress: progress))
  }

  /// The recipes of one matrix, and what their method was told.
  private func recipes(
    for role: MatrixRole, in context: InitializationContext, sharing other: PreparedMatrix?
  ) throws(VocabularyError) -> (RowRecipes, JSONObject) {
    let method = options.method(for: role)
    // Each matrix has noise of its own, also where both use the same method.
    var random = SplitMix64(seed: options.seed, stream: role == .input ? 0 : 1)
    let seed = random.next()
    if let delta, !delta.hasOffsets(for: role) || delta.keepsOffsets && method.needsInputs {
      return (
        try delta.recipes(
          for: role, seed: seed, rowCount: base.rowCount, width: context.matrix.width),
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
    // Some methods ask for a new token at least.
    if tokens.count == 0 { return (RowRecipes(seed: seed), initializer.settings) }
    if let other, other.method == method, initializer.sharesRecipes {
      var recipes = other.synthesizer.recipes
      recipes.seed = seed
      return (recipes, other.settings)
    }
    let recipes = try initializer.recipes(for: role, in: context, seed: seed)
    if recipes.substituteCount == tokens.count {
      throw .nothingToGoBy(method: method, newTokenCount: tokens.count)
    }
    return (recipes, initializer.settings)
  }
}
