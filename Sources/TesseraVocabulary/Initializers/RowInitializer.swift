public import TesseraBasics

/// The two matrices that have a row for each token.
public enum MatrixRole: String, CaseIterable, Hashable, Sendable {
  /// The embedding: rows that stand for tokens which the model reads.
  case input
  /// The head: rows that give the logits of tokens which the model may write.
  case output
}

/// A method that says how the rows of new tokens are made.
///
/// A method is deterministic: the same context and seed give the same recipes, for any number of
/// threads. Where it chooses among base tokens that are equally similar, the smaller ID comes first.
public protocol RowInitializer: Sendable {
  /// Whether every row is a convex combination of base rows.
  ///
  /// If so, no new token's logit ever exceeds the largest logit of a base token.
  var staysInHull: Bool { get }

  /// Whether both matrices get the same recipes, noise apart, so that they need to be made once only; by
  /// default not.
  var sharesRecipes: Bool { get }

  /// What the method was told besides the base and the tokens, for `extension.json`; by default nothing.
  var settings: JSONObject { get }

  /// The recipes of all new tokens for one matrix.
  ///
  /// - Parameters:
  ///   - role: Which matrix it is, for methods that treat them differently. In a tied model there is
  ///     only the input matrix.
  ///   - context: The tokens, and what is known about the base matrix.
  ///   - seed: The seed of the noise, if the method has any.
  /// - Throws: ``VocabularyError`` if the base cannot be read, or the process was asked to stop.
  func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes
}

extension RowInitializer {
  /// False.
  public var sharesRecipes: Bool { false }

  /// Nothing.
  public var settings: JSONObject { JSONObject() }
}
