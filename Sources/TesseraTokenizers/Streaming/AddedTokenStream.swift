/// Finds added tokens in a text that arrives in pieces.
struct AddedTokenStream: Sendable {
  /// A part of the text: an added token, or text, which may go on in the next part.
  struct Part {
    var token: TokenID?
    var bytes: [UInt8]
    /// Where it ends in the text.
    var end: Int
    /// Whether the text between two added tokens ends.
    var isLast: Bool
  }

  private let matcher: AddedTokenMatcher
  private let policy: SpecialTokenPolicy
  private var buffer = StreamingBuffer()
  private var cursor = AddedTokenMatcher.Cursor()

  init(_ matcher: AddedTokenMatcher, _ policy: SpecialTokenPolicy) {
    self.matcher = matcher
    self.policy = policy
  }

  /// Whether no text has a match.
  var isIdle: Bool { matcher.isIdle(policy) }

  /// How many bytes wait.
  var waitingSize: Int { buffer.bytes.count }

  /// Takes the next piece of the text.
  ///
  /// - Returns: The parts that are certain with it, in order.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  mutating func parts(
    adding bytes: Span<UInt8>, isLast: Bool
  ) throws(TokenizerError) -> [Part] {
    guard buffer.add(bytes) || isLast else { return [] }
    var parts: [Part] = []
    do throws(TokenizerError) {
      let text = buffer.bytes
      let offset = buffer.offset
      try matcher.forEachPart(of: text.span, from: &cursor, isComplete: isLast, policy) {
        let end = offset + $0.range.upperBound
        parts.append(Part(token: $0.token, bytes: Array(text[$0.range]), end: end, isLast: $1))
      }
    } catch {
      // The matcher counts from the beginning of the buffer.
      guard case .specialTokenInText(let token, let place) = error else { throw error }
      throw .specialTokenInText(token, offset: place.map { buffer.offset + $0 })
    }
    let kept = min(cursor.partStart, cursor.position) - AddedTokenMatcher.contextSize
    let dropped = min(max(0, kept), buffer.bytes.count)
    buffer.drop(dropped)
    cursor.drop(dropped)
    return parts
  }

  /// Forgets the text.
  mutating func removeAll() {
    buffer.removeAll()
    cursor = AddedTokenMatcher.Cursor()
  }
}
