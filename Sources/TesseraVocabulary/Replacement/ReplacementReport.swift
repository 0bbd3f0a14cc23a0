/// What the replacement of a tokenizer did, for people and programs.
public struct ReplacementReport: Hashable, Sendable {
  /// The number of tokens that keep the row that they have in the base.
  public let sharedCount: Int
  /// The number of tokens that got rows.
  public let newTokenCount: Int
  /// The number of the base's tokens that are gone.
  public let droppedCount: Int
  /// The number of rows before.
  public let baseRowCount: Int
  /// The number of rows after.
  public let rowCount: Int
  /// Whether embedding and head are one matrix.
  public let tied: Bool
  /// The matrices: the embedding, and the head of a model that has its own. Certificates say nothing about
  /// old text, whose tokens are others.
  public let matrices: [ExtensionReport.Matrix]
  /// The biases of the head.
  public let biases: [ExtensionReport.Bias]
  /// Files that are those beside the tokenizer, byte for byte.
  public let fromTokenizer: [String]
  /// Files of the base that were carried over byte for byte.
  public let carriedOver: [String]
  /// Files of the base that were left out: those of the old tokenizer, of a run, and what is no file.
  public let leftOut: [String]
}
