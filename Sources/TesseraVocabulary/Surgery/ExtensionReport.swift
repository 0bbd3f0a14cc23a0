public import TesseraTokenizers

/// What an extension did, for people and programs.
public struct ExtensionReport: Hashable, Sendable {
  /// What became of one matrix.
  public struct Matrix: Hashable, Sendable {
    /// The matrix's place in the model.
    public let role: MatrixRole
    /// The tensor that holds it.
    public let tensor: String
    /// Other tensors that hold it as well: copies of one matrix, among them the head of a tied model.
    public let copies: [String]
    /// The method that made the new rows.
    public let method: InitializationMethod
    /// The mean of the norms of the base's rows.
    public let baseMeanNorm: Double
    /// The norms of the new rows.
    public let newNorms: NewRowNorms
    /// How many new rows are not the method's own, see ``RowRecipes/substituteCount``.
    public let substituteCount: Int
    /// Whether those are noise, and not means of pieces.
    public let substitutesAreNoise: Bool
    /// New rows that are like others, as they are stored.
    public internal(set) var repeated: RepeatedRows?
    /// What the recipes promise, where the rows are those of the head or of a tied embedding.
    public let certificate: HullCertificate
  }

  /// What became of a bias of the head, whose new elements follow the recipes of the head's rows.
  public struct Bias: Hashable, Sendable {
    /// The tensor that holds it.
    public let tensor: String
    /// The mean of the magnitudes of the base's elements.
    public let baseMeanMagnitude: Double
    /// The magnitudes of the new elements.
    public let newMagnitudes: NewRowNorms
  }

  /// The number of new tokens.
  public let newTokenCount: Int
  /// The IDs of the new tokens.
  public let ids: NewTokenIDs
  /// The number of rows before.
  public let baseRowCount: Int
  /// The number of rows after.
  public let rowCount: Int
  /// Whether embedding and head are one matrix.
  public let tied: Bool
  /// The matrices that grew: the embedding, and the head of a model that has its own.
  public internal(set) var matrices: [Matrix]
  /// The biases that grew with the head.
  public let biases: [Bias]
  /// Files of the base that were carried over byte for byte.
  public let carriedOver: [String]
  /// Files of the base that were left out, because they hold the old vocabulary.
  public let leftOut: [String]
}
