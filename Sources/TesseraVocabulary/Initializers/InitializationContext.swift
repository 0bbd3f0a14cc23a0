public import TesseraCheckpoints
public import TesseraTokenizers

/// What a method may know about the base when it makes recipes for one of its matrices.
public struct InitializationContext: Sendable {
  /// The new tokens with their decomposition into base tokens.
  public let tokens: NewTokens
  /// The tokenizer of the base.
  public let tokenizer: Tokenizer
  /// The base matrix.
  public let matrix: TokenMatrix
  /// The rows of the base matrix that belong to tokens: ranges in ascending order.
  public let tokenRows: [Range<Int>]
  /// Mean and spread of those rows.
  public let statistics: MatrixStatistics
  /// The standard deviation of weights before training that the model's configuration states.
  public let initializerRange: Double?

  /// A context from its parts.
  public init(
    tokens: NewTokens, tokenizer: Tokenizer, matrix: TokenMatrix, tokenRows: [Range<Int>],
    statistics: MatrixStatistics, initializerRange: Double?
  ) {
    self.tokens = tokens
    self.tokenizer = tokenizer
    self.matrix = matrix
    self.tokenRows = tokenRows
    self.statistics = statistics
    self.initializerRange = initializerRange
  }
}
