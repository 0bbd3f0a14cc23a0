internal import TesseraCheckpoints
internal import TesseraTokenizers

/// What a model grows by when tokens are added.
public struct ModelGrowth: Hashable, Sendable {
  /// How many rows each matrix gets.
  public let rowCount: Int
  /// How many parameters the model gets.
  public let parameterCount: Int
  /// How many bytes its weights get.
  public let size: Int
  /// The multiplications for a token, compared with those of the base: 1 is as many.
  ///
  /// Each parameter that is multiplied with takes one, and only attention, which depends on the length of
  /// the context and not on the vocabulary, is left out. Rows of an embedding are looked up.
  public let relativeCost: Double
}

extension BaseModel {
  /// What the model grows by when so many tokens are added.
  public func growth(newTokenCount: Int, options: ExtensionOptions) -> ModelGrowth {
    let layout = RowLayout(
      baseRowCount: rowCount, vocabularySize: tokenizer.vocabularySize,
      newTokenCount: newTokenCount, padding: options.padding, multiple: options.rowMultiple)
    let rows = layout.rowCount - rowCount
    let stored = matrices.all
    let embedding = matrices.embedding
    // Where the head is stored, the embedding is not multiplied with.
    let lookedUp = matrices.head == nil ? 0 : embedding.rowCount * embedding.width
    let factors = max(1, checkpoint.elementCount - lookedUp)
    return ModelGrowth(
      rowCount: rows, parameterCount: stored.reduce(0) { $0 + rows * $1.width },
      size: stored.reduce(0) { $0 + rows * $1.rowSize },
      relativeCost: 1 + Double(rows * embedding.width) / Double(factors))
  }
}
