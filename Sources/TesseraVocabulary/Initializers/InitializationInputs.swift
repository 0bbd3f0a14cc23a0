public import TesseraTokenizers

/// What methods are made from besides the base and its new tokens: each method takes what it needs.
public struct InitializationInputs: Sendable {
  /// How large a sample of documents should be at most: some ten million tokens, which tell of tens of
  /// thousands of tokens what stands around them.
  public static let documentByteLimit = 64 << 20

  /// The pre-tokens of each new language with their counts.
  public var counts: [PreTokenCounts]?
  /// Documents in the new language, or a sample of them.
  public var documents: [[UInt8]]?
  /// Text in the base's language with its translation.
  public var parallelText: ParallelText?
  /// A model that has tokens of the new language.
  public var donor: DonorModel?
  /// The settings of ``InitializationMethod/constrainedWord2Vec``.
  public var constrainedWord2Vec = ConstrainedWord2VecInitializer.Options()
  /// Vectors of words.
  public var vectors: VectorInputs?
  /// Rows that were learned with the model, by the method that did.
  public var learnedRows: [InitializationMethod: LearnedRowsInitializer] = [:]

  /// Nothing; set what there is.
  public init() {}
}
