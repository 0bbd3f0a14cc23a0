/// What decides which pre-tokens a corpus has.
///
/// Counts can be added up where all of it is equal, and so is the version of Unicode.
public struct CountingOptions: Hashable, Sendable {
  /// How text is split.
  public var pattern: PreTokenizerPattern
  /// What is done to text before it is split.
  public var normalization: Normalization
  /// Strings that are cut out of the text before all else.
  public var specialTokens: [String]

  /// Options with these values.
  public init(
    pattern: PreTokenizerPattern = .o200k, normalization: Normalization = .none,
    specialTokens: [String] = []
  ) {
    self.pattern = pattern
    self.normalization = normalization
    self.specialTokens = specialTokens
  }
}

extension BPETrainerOptions {
  /// The part of the options that decides how a corpus is counted.
  public var counting: CountingOptions {
    get {
      CountingOptions(
        pattern: pattern, normalization: normalization, specialTokens: specialTokens)
    }
    set {
      pattern = newValue.pattern
      normalization = newValue.normalization
      specialTokens = newValue.specialTokens
    }
  }
}
