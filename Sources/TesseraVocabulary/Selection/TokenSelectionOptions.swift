public import TesseraTokenizers

/// How new tokens are chosen.
public struct TokenSelectionOptions: Hashable, Sendable {
  /// The most tokens that can be added at once.
  public static let newTokenLimit = 1 << 20

  /// How many tokens to add, up to ``newTokenLimit``; with a ``sizeRule``, at most.
  public var newTokenCount: Int
  /// How many tokens fit the data; nil for as many as are asked for.
  public var sizeRule: SizeRule?
  /// How often a pair must stand in the corpus to become a token.
  ///
  /// A token that training sees only once cannot be learned.
  public var minimumFrequency = 2
  /// The longest new token in bytes, or nil for no limit.
  public var maximumTokenLength: Int?
  /// New tokens have characters of these scripts only; nil: of any.
  public var scripts: ScriptSet?
  /// How much further than the chosen size the curve is followed, for those who choose another one.
  public var surveyFactor = 1

  /// Options with their recommended values.
  public init(newTokenCount: Int) { self.newTokenCount = newTokenCount }

  /// Options for as many tokens as fit the data.
  public init(sizeRule: SizeRule) {
    newTokenCount = Self.newTokenLimit
    self.sizeRule = sizeRule
  }

  func check() throws(VocabularyError) {
    if !(0...Self.newTokenLimit).contains(newTokenCount) {
      throw .newTokenCount(newTokenCount, limit: Self.newTokenLimit)
    }
  }
}

extension TokenSelectionOptions {
  /// What continued training is to make.
  func training(ids: NewTokenIDs) -> ContinuedTrainingOptions {
    var training = ContinuedTrainingOptions(newTokenCount: newTokenCount)
    training.minimumFrequency = minimumFrequency
    training.maximumTokenLength = maximumTokenLength
    training.ids = ids
    return training
  }
}
