internal import TesseraTokenizers

/// A new token gets the row of the base token that is the same but for a space, case or normalization.
///
///   row(t) = base[s],   s the first base token with the same text as t, the first of these rules that finds one:
///     1. but for a space at the beginning
///     2. but for that and case
///     3. but for both and compatibility forms (NFKC), such as full-width letters
///
/// Of several tokens, the one with the smallest ID is taken. A token that no rule finds one for is the mean
/// of its pieces. The model knows the copied token, and what it does after it, so it does the same after the
/// copy; in the head the copy is exactly as likely as its source, which then shares its probability.
///
/// Rules are exact: nothing is copied because it is similar, and `extension.json` names the source.
///
/// Pfeiffer, Vulić, Gurevych and Ruder, "UNKs Everywhere: Adapting Multilingual Language Models to New
/// Scripts", 2021, arXiv:2012.15562, copy rows of tokens with the same text; the rules are of Tessera.
public struct CopyInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// True: a row of the base, or a mean.
  public var staysInHull: Bool { true }

  /// True: it does not go by rows.
  public var sharesRecipes: Bool { true }

  /// The same recipes for input and output rows.
  ///
  /// - Complexity: O(bytes of all tokens) time and memory.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    var sources = [[[UInt8]: Int]](repeating: [:], count: Self.rules.count)
    let added = Set(context.tokenizer.addedTokens.map(\.id))
    for row in context.tokenRows.joined() where !added.contains(TokenID(row)) {
      guard let bytes = context.tokenizer.tokens.bytes(of: TokenID(row)) else { continue }
      for (rule, key) in try Self.keys(of: Array(bytes)).enumerated()
      where sources[rule][key] == nil {
        sources[rule][key] = row
      }
    }
    var found: [Int?] = []
    for index in 0..<context.tokens.count {
      let keys = try Self.keys(of: context.tokens.bytes(of: index)).enumerated()
      found.append(keys.lazy.compactMap { rule, key in sources[rule][key] }.first)
    }
    return RowRecipes(for: context.tokens) { index in
      .mean(of: found[index].map { [$0] } ?? context.tokens.pieceRows(of: index))
    }
  }

  /// What each rule does after the ones before it.
  private static let rules: [Normalizer?] = [
    nil, .lowercase, .sequence([.form(.nfkc), .lowercase]),
  ]

  /// What two tokens have in common under each rule; empty for spaces alone.
  private static func keys(of bytes: [UInt8]) throws(VocabularyError) -> [[UInt8]] {
    let text = bytes.first == UInt8(ascii: " ") ? Array(bytes.dropFirst()) : bytes
    guard text.contains(where: { $0 != UInt8(ascii: " ") }) else { return [] }
    var keys: [[UInt8]] = []
    for rule in rules {
      do {
        keys.append(try rule?.normalized(text) ?? text)
      } catch {
        throw .tokenizer(error)
      }
    }
    return keys
  }
}
