/// Finds special tokens in a corpus, so that no merge is learned from their spelling.
///
/// At each place the longest token that begins there counts, and matches do not overlap, as when
/// text is encoded.
struct SpecialTokenCutter: Sendable {
  private let matcher: AddedTokenMatcher
  /// The size of the longest token.
  let longest: Int

  /// - Parameter spellings: The tokens; empty ones are left out.
  init(_ spellings: [[UInt8]]) {
    let tokens = Set(spellings).filter { !$0.isEmpty }
    // What the tokens are called does not matter here.
    matcher = AddedTokenMatcher(tokens.map { ($0, AddedToken("", id: 0)) })
    longest = tokens.reduce(0) { max($0, $1.count) }
  }

  /// Calls the body with the range of each non-empty part between tokens, in order.
  func forEachPart(of bytes: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    if longest == 0 {
      if !bytes.isEmpty { body(0..<bytes.count) }
      return
    }
    do {
      for part in try matcher.parts(of: bytes, .all) where part.token == nil { body(part.range) }
    } catch {
      preconditionFailure("the policy lets all tokens pass: \(error)")
    }
  }

  /// The places near tokens, asked about from the end of a text on; none where there are no tokens.
  ///
  /// - Parameters:
  ///   - normalization: The form of the text in which tokens are looked for.
  ///   - margin: How many bytes of the text a token has at most in that form.
  ///   - lowest: No place below this is asked about.
  func nearTokens(
    in normalization: Normalization = .none, margin: Int, downTo lowest: Int
  ) -> NearTokens? {
    longest == 0
      ? nil : NearTokens(matcher, in: normalization, margin: margin, downTo: lowest)
  }
}
