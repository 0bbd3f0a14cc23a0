public import TesseraTokenizers

/// The tokens that an encoder's sequences need beside those of their text.
///
/// They are found by their names: `<s>`, `</s>`, `<pad>`, `<mask>` as RoBERTa has them, or `[CLS]`, `[SEP]`,
/// `[PAD]`, `[MASK]` as BERT has.
public struct EncoderTokens: Hashable, Sendable {
  /// The token before a sequence.
  public let start: Int32
  /// The token behind a sequence, and behind each document in it.
  public let separator: Int32
  /// The token that fills a sequence up.
  public let padding: Int32
  /// The token in the place of one that is to be predicted.
  public let mask: Int32
  /// For each ID, whether it is a special token's, which is never masked.
  private let isSpecial: [Bool]
  /// The tokens that may stand in the place of one that is to be predicted.
  let replacements: [Int32]

  /// What a token is for, with the names that it may have.
  public enum Role: String, CaseIterable, Hashable, Sendable {
    /// See ``EncoderTokens/start``.
    case start
    /// See ``EncoderTokens/separator``.
    case separator
    /// See ``EncoderTokens/padding``.
    case padding
    /// See ``EncoderTokens/mask``.
    case mask

    /// The names, the first of those that a tokenizer has counting.
    public var names: [String] {
      switch self {
      case .start: ["<s>", "[CLS]"]
      case .separator: ["</s>", "[SEP]"]
      case .padding: ["<pad>", "[PAD]"]
      case .mask: ["<mask>", "[MASK]"]
      }
    }
  }

  /// Finds the tokens.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer.
  ///   - name: What errors call it.
  /// - Throws: ``MaskingError/noEncoderToken(tokenizer:role:)``, also where the token that ends a
  ///   document is another one.
  public init(_ tokenizer: Tokenizer, name: String) throws(MaskingError) {
    func id(_ role: Role) throws(MaskingError) -> Int32 {
      for content in role.names {
        if let token = tokenizer.addedTokens.first(where: { $0.content == content }) {
          return Int32(bitPattern: token.id)
        }
      }
      throw .noEncoderToken(tokenizer: name, role: role)
    }
    start = try id(.start)
    separator = try id(.separator)
    padding = try id(.padding)
    mask = try id(.mask)
    guard tokenizer.endOfText == UInt32(bitPattern: separator) else {
      throw .noEncoderToken(tokenizer: name, role: .separator)
    }
    var isSpecial = [Bool](repeating: false, count: tokenizer.vocabularySize)
    for token in tokenizer.addedTokens where token.isSpecial { isSpecial[Int(token.id)] = true }
    for token in [start, separator, padding, mask] { isSpecial[Int(token)] = true }
    self.isSpecial = isSpecial
    replacements = isSpecial.indices.compactMap { id in
      !isSpecial[id] && tokenizer.byteCount(of: TokenID(id)) > 0 ? Int32(id) : nil
    }
    guard !replacements.isEmpty else { throw .noEncoderToken(tokenizer: name, role: .mask) }
  }

  /// Whether a token is never masked.
  func isKept(_ token: Int32) -> Bool { isSpecial[Int(token)] }
}
