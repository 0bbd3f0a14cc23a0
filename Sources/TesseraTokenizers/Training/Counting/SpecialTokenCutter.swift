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

  /// Whether a token spans a position, begins there or ends there.
  func isNear(_ position: Int, in bytes: Span<UInt8>) -> Bool {
    matcher.isNear(position, in: bytes)
  }
}
