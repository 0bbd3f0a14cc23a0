/// Finds special tokens in a corpus, so that no merge is learned from their spelling.
///
/// At each place the longest token that begins there counts, and matches do not overlap, as when
/// text is encoded.
struct SpecialTokenCutter: Sendable {
  /// For each first byte the tokens that begin with it, longest first.
  private var tokens = [[[UInt8]]](repeating: [], count: 256)
  /// The bytes that tokens begin with.
  private var firstBytes: [UInt8] = []
  /// The size of the longest token.
  private(set) var longest = 0

  /// - Parameter spellings: The tokens; empty ones are left out.
  init(_ spellings: [[UInt8]]) {
    for token in Set(spellings) where !token.isEmpty {
      tokens[Int(token[0])].append(token)
      longest = max(longest, token.count)
    }
    for byte in 0..<256 where !tokens[byte].isEmpty {
      tokens[byte].sort { $0.count > $1.count }
      firstBytes.append(UInt8(byte))
    }
  }

  /// Calls the body with the range of each non-empty part between tokens, in order.
  func forEachPart(of bytes: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    var start = 0
    var position = 0
    while !firstBytes.isEmpty && position < bytes.count {
      let length = matchLength(at: position, in: bytes)
      if length == 0 {
        position += 1
        continue
      }
      if start < position { body(start..<position) }
      position += length
      start = position
    }
    if start < bytes.count { body(start..<bytes.count) }
  }

  /// Whether a token spans a position, begins there or ends there.
  func isNear(_ position: Int, in bytes: Span<UInt8>) -> Bool {
    for start in max(0, position - longest)..<min(position + 1, bytes.count) {
      if tokens[Int(bytes[start])].contains(where: {
        start + $0.count >= position && matches($0, at: start, in: bytes)
      }) {
        return true
      }
    }
    return false
  }

  /// The size of the longest token at a position, or 0.
  @inline(__always)
  private func matchLength(at position: Int, in bytes: Span<UInt8>) -> Int {
    let candidates = tokens[Int(bytes[position])]
    if candidates.isEmpty { return 0 }
    return candidates.first { matches($0, at: position, in: bytes) }?.count ?? 0
  }

  private func matches(_ token: [UInt8], at position: Int, in bytes: Span<UInt8>) -> Bool {
    guard position + token.count <= bytes.count else { return false }
    for index in token.indices where token[index] != bytes[position + index] { return false }
    return true
  }
}
