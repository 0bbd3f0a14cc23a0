/// A token that is found in the text before anything else, and never split or merged.
public struct AddedToken: Hashable, Sendable {
  /// The text that stands for it.
  public var content: String
  /// Its ID.
  public var id: TokenID
  /// Whether plain text may be kept from producing it; see ``SpecialTokenPolicy``.
  public var isSpecial: Bool
  /// Whether it is looked for in normalized text, in its normalized form.
  public var isNormalized: Bool
  /// Whether white space to its left belongs to it.
  public var stripsLeft: Bool
  /// Whether white space to its right belongs to it.
  public var stripsRight: Bool
  /// Whether it counts only where no word character is beside it.
  public var isSingleWord: Bool

  /// An added token; the defaults are those of a special token.
  public init(
    _ content: String, id: TokenID, isSpecial: Bool = true, isNormalized: Bool = false,
    stripsLeft: Bool = false, stripsRight: Bool = false, isSingleWord: Bool = false
  ) {
    self.content = content
    self.id = id
    self.isSpecial = isSpecial
    self.isNormalized = isNormalized
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isSingleWord = isSingleWord
  }
}

/// What to do where a text contains the text of a special token.
public enum SpecialTokenPolicy: String, CaseIterable, Hashable, Sendable {
  /// It becomes the special token.
  case all
  /// It is encoded like any other text. This is right for text that others wrote.
  case none
  /// Encoding fails.
  case error
}
