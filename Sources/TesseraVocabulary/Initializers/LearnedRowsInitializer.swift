public import TesseraBasics

/// New rows that something else has made before: a model that was run over text.
///
/// Methods that need a transformer lie above this module. They leave what they have learned in
/// ``InitializationInputs/learnedRows``, as weights of base rows, as offsets from them, or as both.
public struct LearnedRowsInitializer: RowInitializer {
  /// The input rows, one for each new token.
  public let input: RowRecipes
  /// The output rows of a model that has a head of its own.
  public let output: RowRecipes
  /// What the method says of its rows.
  public let staysInHull: Bool
  /// What the rows were learned with.
  public let settings: JSONObject

  /// Rows that were learned.
  ///
  /// - Parameters:
  ///   - input: The input rows, one for each new token.
  ///   - output: The output rows; nil for those of the input.
  ///   - staysInHull: Whether all of them are convex combinations of base rows.
  ///   - settings: What they were learned with.
  public init(
    input: RowRecipes, output: RowRecipes? = nil, staysInHull: Bool = false,
    settings: JSONObject = JSONObject()
  ) {
    self.input = input
    self.output = output ?? input
    self.staysInHull = staysInHull
    self.settings = settings
  }

  /// The rows of one matrix.
  ///
  /// - Precondition: There is a row for each new token.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    let recipes = role == .input ? input : output
    precondition(recipes.count == context.tokens.count, "each new token has a row")
    return recipes
  }
}
