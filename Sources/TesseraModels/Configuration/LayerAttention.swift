/// What the attention of one layer sees, and how it knows positions.
public struct LayerAttention: Hashable, Sendable {
  /// How many tokens a token sees, itself among them; nil for all up to itself.
  ///
  /// Beltagy, Peters and Cohan, "Longformer", 2020, arXiv:2004.05150, section 3.1.
  public var window: Int?
  /// How queries and keys are rotated, if they are.
  public var rotary: RotaryPositions?

  /// An attention.
  public init(window: Int? = nil, rotary: RotaryPositions?) {
    self.window = window
    self.rotary = rotary
  }
}
