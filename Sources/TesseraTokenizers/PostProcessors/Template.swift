/// An order of tokens and texts: `TemplateProcessing`.
public struct Template: Hashable, Sendable {
  /// A place in a template.
  public enum Piece: Hashable, Sendable {
    /// The first text or the second.
    case sequence(isSecond: Bool, typeID: UInt32)
    /// What stands for a name in ``Template/specialTokens``.
    case special(name: String, typeID: UInt32)
  }

  /// For one text.
  public var single: [Piece]
  /// For a pair.
  public var pair: [Piece]
  /// The tokens that names stand for.
  public var specialTokens: [String: [PostProcessor.SpecialToken]]

  /// A template.
  ///
  /// - Throws: ``TokenizerError/malformed(member:expected:)`` where a name has no tokens.
  public init(
    single: [Piece], pair: [Piece], specialTokens: [String: [PostProcessor.SpecialToken]]
  ) throws(TokenizerError) {
    for case .special(let name, _) in single + pair where specialTokens[name] == nil {
      throw .malformed(
        member: "post_processor.special_tokens", expected: "an object with \"\(name.shortened())\"")
    }
    self.single = single
    self.pair = pair
    self.specialTokens = specialTokens
  }

  func addedCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { count, piece in
      guard case .special(let name, _) = piece else { return count }
      return count + (specialTokens[name]?.count ?? 0)
    }
  }

  func process(_ encodings: [Encoding], addsTokens: Bool) throws(TokenizerError) -> [Encoding] {
    guard encodings.count <= 2 else {
      throw .unsupported(
        part: "post-processor", name: "TemplateProcessing after another one",
        advice: "tokenizers has none either")
    }
    try checkSize(encodings, addsTokens: addsTokens)
    var result: [Encoding] = []
    for piece in encodings.count == 2 ? pair : single {
      switch piece {
      case .sequence(let isSecond, let typeID):
        guard (isSecond ? 1 : 0) < encodings.count else { throw .noSecondText }
        var encoding = encodings[isSecond ? 1 : 0]
        encoding.setTypeID(typeID)
        result.append(encoding)
      case .special(let name, let typeID):
        if !addsTokens { continue }
        for token in specialTokens[name] ?? [] {
          result.append(Encoding(special: token.id, typeID: typeID))
        }
      }
    }
    return result
  }

  /// Makes sure that repeated texts, and the combinations of what overflowed from them, fit into
  /// memory, before any is made.
  private func checkSize(_ encodings: [Encoding], addsTokens: Bool) throws(TokenizerError) {
    var tokenCount = 0
    var combinationCount = 1
    for piece in encodings.count == 2 ? pair : single {
      switch piece {
      case .sequence(let isSecond, _):
        let index = isSecond ? 1 : 0
        guard index < encodings.count else { throw .noSecondText }
        tokenCount += encodings[index].count
        combinationCount = combinationCount.multiplied(
          clampedBy: 1 + encodings[index].overflowing.count)
      case .special(let name, _): tokenCount += addsTokens ? specialTokens[name]?.count ?? 0 : 0
      }
    }
    try Encoding.checkJoinedCount(tokenCount, combinationCount, of: encodings)
  }
}
