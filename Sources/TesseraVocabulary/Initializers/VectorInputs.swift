public import TesseraBasics

/// What the methods that go by vectors of words are made from.
public struct VectorInputs: Sendable {
  /// What the words of vectors are.
  public enum Unit: String, CaseIterable, Hashable, Sendable {
    /// Words of a language.
    case words
    /// Tokens of the extended tokenizer, as its vocabulary spells them.
    case tokens
  }

  /// The vectors of the new language.
  public var target: WordVectors
  /// What their words are.
  public var targetUnit = Unit.words
  /// The vectors of the base's language; nil if the target vectors have words of both languages.
  public var source: WordVectors?
  /// What brings both into one space; nil if they are in one already.
  public var dictionary: BilingualDictionary?
  /// How many base tokens a row is made of, or nil for what the method was published with.
  public var neighborCount: Int?
  /// How evenly weights are spread, or nil for what the method was published with.
  public var temperature: Double?
  /// What tokens without a vector get.
  public var vectorless = VectorlessRows.normal
  /// The rank of the factorization, for methods that have one; nil for none.
  public var rank: Int?
  /// Whether rows of the base that were hardly trained take no part, where a method goes by anchors.
  public var leavesOutUntrained = false
  /// Gets progress, where a method takes long.
  public var progress: ProgressHandler?

  /// Vectors of the new language, or of both; set what else there is.
  public init(target: WordVectors) { self.target = target }
}
