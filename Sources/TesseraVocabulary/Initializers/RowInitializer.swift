/// The two matrices that have a row for each token.
public enum MatrixRole: String, CaseIterable, Hashable, Sendable {
  /// The embedding: rows that stand for tokens which the model reads.
  case input
  /// The head: rows that give the logits of tokens which the model may write.
  case output
}

/// What a method may know when it makes recipes.
public struct InitializationContext: Sendable {
  /// The new tokens with their decomposition into base tokens.
  public let tokens: NewTokens
  /// Mean and spread of the base matrix.
  public let statistics: MatrixStatistics
  /// The standard deviation of weights before training that the model's configuration states.
  public let initializerRange: Double?

  /// A context from its parts.
  public init(tokens: NewTokens, statistics: MatrixStatistics, initializerRange: Double?) {
    self.tokens = tokens
    self.statistics = statistics
    self.initializerRange = initializerRange
  }
}

/// A method that says how the rows of new tokens are made.
public protocol RowInitializer: Sendable {
  /// Whether every row is a convex combination of base rows.
  ///
  /// If so, no new token's logit ever exceeds the largest logit of a base token.
  var staysInHull: Bool { get }

  /// The recipes of all new tokens for one matrix.
  ///
  /// - Parameters:
  ///   - role: Which matrix it is, for methods that treat them differently. In a tied model there is
  ///     only the input matrix.
  ///   - context: The tokens, and what is known about the base matrix.
  ///   - seed: The seed of the noise, if the method has any.
  func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes
}
