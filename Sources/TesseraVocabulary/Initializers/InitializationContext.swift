public import TesseraBasics
public import TesseraCheckpoints
public import TesseraTokenizers

/// What a method may know about the base when it makes recipes for one of its matrices.
public struct InitializationContext: Sendable {
  /// The new tokens with their decomposition into base tokens.
  public let tokens: NewTokens
  /// The tokenizer of the base.
  public let tokenizer: Tokenizer
  /// The tokenizer with the new tokens, if it is at hand.
  private let extended: Tokenizer?
  /// The tokens that both tokenizers have, if not all of the base's keep their IDs.
  private let shared: [SharedToken]?
  /// The base matrix.
  public let matrix: TokenMatrix
  /// The matrix of the other role: the head for input rows, the embedding for output rows. In a tied
  /// model it is the same one.
  public let counterpart: TokenMatrix
  /// The rows of the base matrix that belong to tokens: ranges in ascending order.
  public let tokenRows: [Range<Int>]
  /// Mean and spread of those rows.
  public let statistics: MatrixStatistics
  /// The standard deviation of weights before training that the model's configuration states.
  public let initializerRange: Double?
  /// Gets the progress of methods that take long.
  public let progress: ProgressHandler?

  /// A context from its parts, of a tied model if no counterpart is given.
  public init(
    tokens: NewTokens, tokenizer: Tokenizer, extended: Tokenizer? = nil,
    shared: [SharedToken]? = nil, matrix: TokenMatrix,
    counterpart: TokenMatrix? = nil, tokenRows: [Range<Int>], statistics: MatrixStatistics,
    initializerRange: Double?,
    progress: ProgressHandler? = nil
  ) {
    self.tokens = tokens
    self.tokenizer = tokenizer
    self.extended = extended
    self.shared = shared
    self.matrix = matrix
    self.counterpart = counterpart ?? matrix
    self.tokenRows = tokenRows
    self.statistics = statistics
    self.initializerRange = initializerRange
    self.progress = progress
  }

  /// The tokenizer with the new tokens.
  func extendedTokenizer() throws(VocabularyError) -> Tokenizer {
    if let extended { return extended }
    do { return try tokenizer.extended(with: tokens.merges) } catch { throw .tokenizer(error) }
  }

  /// The tokens of the base that the tokenizer with the new tokens has as well, with both IDs.
  var sharedTokens: [SharedToken] { shared ?? baseIDs.map { SharedToken(base: $0, id: $0) } }
}
