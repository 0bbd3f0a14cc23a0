public import TesseraModels

/// What the bits per byte of a ``CorpusScore`` are.
public enum ScoreMeasure: String, Hashable, Sendable {
  /// Of whole documents, by models that predict the next token.
  case bitsPerByte = "bits_per_byte"
  /// Of masked words, by encoders: see ``MaskedDocuments``.
  case bitsPerMaskedByte = "bits_per_masked_byte"

  /// The measure for what a model predicts.
  public init(_ objective: TrainingObjective) {
    switch objective {
    case .nextToken: self = .bitsPerByte
    case .maskedTokens: self = .bitsPerMaskedByte
    }
  }

  /// The measure in words.
  public var title: String {
    switch self {
    case .bitsPerByte: "bits per byte"
    case .bitsPerMaskedByte: "bits per masked byte"
    }
  }

  /// The measure as the head of a column.
  public var columnTitle: String {
    switch self {
    case .bitsPerByte: "bits/byte"
    case .bitsPerMaskedByte: "bits/masked byte"
    }
  }
}
