/// The beginning of a text that has no more than so many tokens.
public struct FittingPrefix: Hashable, Sendable {
  /// How many bytes of the text it has.
  public var size: Int
  /// Its tokens: the first ones of the text.
  public var ids: [TokenID]
  /// Whether it is all of the text.
  public var isWhole: Bool
}

extension Tokenizer {
  /// The number of tokens of a text.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - special: What to do where it contains special tokens.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  public func count(
    of bytes: [UInt8], special: SpecialTokenPolicy = .none
  ) throws(TokenizerError) -> Int {
    try encode(bytes, special: special).count
  }

  /// The number of tokens of a text.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - special: What to do where it contains special tokens.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  public func count(
    of text: String, special: SpecialTokenPolicy = .none
  ) throws(TokenizerError) -> Int {
    try count(of: Array(text.utf8), special: special)
  }

  /// The number of tokens of a text, if there are no more than so many.
  ///
  ///     if let count = try tokenizer.count(of: prompt, upTo: 8_192) { … } else { … /* too long */ }
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - limit: The most tokens that are counted.
  ///   - special: What to do where the text contains special tokens.
  /// - Returns: The number, or `nil` if it is greater than the limit.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy, for a special token
  ///   in the part of the text that was looked at.
  /// - Complexity: Of a text that is too long no more is encoded than about the limit times the size
  ///   of the longest token, and most often little more than the limit's tokens. A tokenizer that is
  ///   not ``StreamingEncoder/isIncremental`` encodes all of the text.
  public func count(
    of bytes: [UInt8], upTo limit: Int, special: SpecialTokenPolicy = .none
  ) throws(TokenizerError) -> Int? {
    precondition(limit >= 0, "a number of tokens is not negative")
    let (ids, isWhole) = try firstTokens(
      of: bytes, limit, special: special, decidingSize: decidingSize(limit))
    return isWhole && ids.count <= limit ? ids.count : nil
  }

  /// The number of tokens of a text, if there are no more than so many.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - limit: The most tokens that are counted.
  ///   - special: What to do where the text contains special tokens.
  /// - Returns: The number, or `nil` if it is greater than the limit.
  /// - Throws: As `count(of:upTo:)` does.
  public func count(
    of text: String, upTo limit: Int, special: SpecialTokenPolicy = .none
  ) throws(TokenizerError) -> Int? {
    // Of a string in UTF-8 no more is copied than can matter.
    let bytes = Array(text.utf8.prefix(decidingSize(limit)))
    return try count(of: bytes, upTo: limit, special: special)
  }

  /// The first tokens of a text.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - limit: The most tokens that are wanted.
  ///   - special: What to do where the text contains special tokens.
  /// - Throws: As `count(of:upTo:)` does.
  /// - Complexity: What is encoded is little more than the limit's tokens and the pre-token in which
  ///   they end. A tokenizer that is not ``StreamingEncoder/isIncremental`` encodes all of the text.
  public func encode(
    _ bytes: [UInt8], upTo limit: Int, special: SpecialTokenPolicy = .none
  ) throws(TokenizerError) -> [TokenID] {
    precondition(limit >= 0, "a number of tokens is not negative")
    let (ids, _) = try firstTokens(of: bytes, limit, special: special, decidingSize: .max)
    return Array(ids.prefix(limit))
  }

  /// The longest beginning of a text that ends with one of its first so many tokens.
  ///
  /// Its tokens are the first ones of the text. Encoded on its own it may have others, where it ends
  /// within a pre-token.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - limit: The most tokens.
  ///   - keepsCharacters: Whether it must not end within a character, so that it is UTF-8 if the text
  ///     is. It then has fewer tokens where one of them ends there.
  ///   - special: What to do where the text contains special tokens.
  /// - Throws: As `count(of:upTo:)` does.
  /// - Complexity: What is encoded is little more than the limit's tokens and the pre-token in which
  ///   they end. A tokenizer that changes text encodes all of it, with offsets.
  public func prefix(
    of bytes: [UInt8], fitting limit: Int, keepsCharacters: Bool = true,
    special: SpecialTokenPolicy = .none
  ) throws(TokenizerError) -> FittingPrefix {
    precondition(limit >= 0, "a number of tokens is not negative")
    var prefix: FittingPrefix
    var ends: [Int]
    if keepsBytes {
      let (ids, isWhole) = try firstTokens(of: bytes, limit, special: special, decidingSize: .max)
      let count = min(limit, ids.count)
      var end = 0
      ends = ids[..<count].map { id in
        end += addedBytes[id]?.count ?? tokens.size(of: id)
        return end
      }
      prefix = FittingPrefix(
        size: end, ids: Array(ids[..<count]), isWhole: isWhole && ids.count <= limit)
    } else {
      let encoder = encoders.take()
      defer { encoders.giveBack(encoder) }
      let encoding = try encoding(of: bytes, sequenceIndex: 0, special: special, with: encoder)
      let count = min(limit, encoding.count)
      ends = encoding.offsets[..<count].map(\.upperBound)
      prefix = FittingPrefix(
        size: ends.last ?? 0, ids: Array(encoding.ids[..<count]), isWhole: count == encoding.count)
      if !prefix.isWhole {
        // A character that several tokens share is whole with the last of them only.
        while let end = ends.last, end > encoding.offsets[ends.count].lowerBound {
          ends.removeLast()
        }
      }
    }
    if prefix.isWhole { return FittingPrefix(size: bytes.count, ids: prefix.ids, isWhole: true) }
    while keepsCharacters, let end = ends.last, Self.isInsideCharacter(bytes, end) {
      ends.removeLast()
    }
    prefix.size = ends.last ?? 0
    prefix.ids.removeSubrange(ends.count...)
    return prefix
  }

  /// The longest beginning of a text that ends with one of its first so many tokens, and not within
  /// a character.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - limit: The most tokens.
  ///   - special: What to do where the text contains special tokens.
  /// - Throws: As `count(of:upTo:)` does.
  public func prefix(
    of text: String, fitting limit: Int, special: SpecialTokenPolicy = .none
  ) throws(TokenizerError) -> Substring {
    let bytes = Array(text.utf8)
    let size = try prefix(of: bytes, fitting: limit, special: special).size
    return text[..<text.utf8.index(text.startIndex, offsetBy: size)]
  }

  /// The first tokens of a text: all of them, or more than the limit, or those of its first
  /// `decidingSize` bytes that are certain.
  private func firstTokens(
    of bytes: [UInt8], _ limit: Int, special: SpecialTokenPolicy, decidingSize: Int
  ) throws(TokenizerError) -> (ids: [TokenID], isWhole: Bool) {
    var stream = makeStreamingEncoder(special: special)
    var ids: [TokenID] = []
    var start = 0
    // Most tokens have some four bytes; where they are longer, what follows is taken in larger pieces.
    var size = max(256, 4 * min(limit, bytes.count))
    while start < bytes.count {
      let end = start + min(size, bytes.count - start)
      try stream.add(bytes.span.extracting(start..<end), into: &ids)
      if ids.count > limit || end >= decidingSize { return (ids, false) }
      start = end
      size = max(256, start / 2)
    }
    try stream.finish(into: &ids)
    return (ids, true)
  }

  /// The least size of a text that has more than so many tokens whatever it is; no number is large
  /// enough if tokens may stand for more text than their bytes.
  private func decidingSize(_ limit: Int) -> Int {
    guard keepsBytes else { return .max }
    let (size, overflows) = limit.multipliedReportingOverflow(by: longestTokenSize)
    return overflows ? .max : min(size, .max - 1) + 1
  }

  /// Whether a position is within a character of UTF-8.
  private static func isInsideCharacter(_ bytes: [UInt8], _ position: Int) -> Bool {
    guard position < bytes.count, bytes[position] & 0xC0 == 0x80 else { return false }
    var start = position
    while start > max(0, position - 3), bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return start + UTF8Decoding.scalar(in: bytes.span, at: start).size > position
  }
}
