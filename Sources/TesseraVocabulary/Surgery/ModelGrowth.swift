internal import TesseraCheckpoints
public import TesseraTokenizers

/// What a model grows by when tokens are added.
public struct ModelGrowth: Hashable, Sendable {
  /// How many rows each matrix gets.
  public let rowCount: Int
  /// How many parameters the model gets for training: what is stored several times is one matrix.
  public let parameterCount: Int
  /// How many bytes its weights get, all copies included.
  public let size: Int
  /// The multiplications for a token, compared with those of the base: 1 is as many.
  ///
  /// Each parameter that is multiplied with takes one, and only attention, which depends on the length of
  /// the context and not on the vocabulary, is left out. Rows of an embedding are looked up, unless they
  /// are the head's as well; without a head the vocabulary costs nothing.
  public let relativeCost: Double
}

extension BaseModel {
  /// What the model grows by when so many tokens are added.
  ///
  /// - Parameters:
  ///   - newTokenCount: How many.
  ///   - ids: Their IDs.
  ///   - options: How rows are made and placed.
  public func growth(
    newTokenCount: Int, ids: NewTokenIDs, options: ExtensionOptions
  ) -> ModelGrowth {
    let layout = RowLayout(
      baseRowCount: rowCount, ids: ids, newTokenCount: newTokenCount,
      multiple: options.rowMultiple)
    let rows = layout.rowCount - rowCount
    // Several tensors of one role are copies, and so are the head of a tied model and its biases.
    let head = matrices.tied ? nil : matrices.head
    let distinct =
      [matrices.embedding, head].compactMap { $0 }
      + matrices.headBiases.prefix(matrices.tied ? 1 : .max)
    let stored = matrices.all.reduce(0) { $0 + $1.tensor.description.elementCount }
    // The rows that give logits, one multiplication for each component.
    let hasLogits = matrices.head != nil || matrices.tied && checkpoint.configuration.hasHead
    let width = hasLogits ? (head ?? matrices.embedding).width : 0
    let factors = checkpoint.elementCount - stored + rowCount * width
    return ModelGrowth(
      rowCount: rows, parameterCount: distinct.reduce(0) { $0 + rows * $1.width },
      size: matrices.all.reduce(0) { $0 + rows * $1.rowSize },
      relativeCost: 1 + Double(rows * width) / Double(max(1, factors)))
  }
}
