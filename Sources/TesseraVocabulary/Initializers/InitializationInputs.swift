public import TesseraTokenizers

/// What methods are made from besides the base and its new tokens: each method takes what it needs.
public struct InitializationInputs: Sendable {
  /// The pre-tokens of the new language with their counts.
  public var counts: PreTokenCounts?
  /// Vectors of words.
  public var vectors: VectorInputs?

  /// Nothing; set what there is.
  public init() {}
}
