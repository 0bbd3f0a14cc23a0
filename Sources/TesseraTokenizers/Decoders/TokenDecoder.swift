/// How tokens become text again: what the member `decoder` of a tokenizer.json says.
///
/// Each case is the part of tokenizers with the same name, and does what it does to a list of
/// tokens.
public indirect enum TokenDecoder: Hashable, Sendable {
  /// Characters become the bytes that they stand for in ``ByteAlphabet``.
  case byteLevel
  /// Tokens without the prefix begin a word.
  case wordPiece(prefix: String, cleansUp: Bool)
  /// The character that stands for a space becomes one, except at the beginning of the text.
  case metaspace(Metaspace)
  /// A suffix becomes a space, and nothing at the end of the text.
  case bpe(suffix: String)
  /// Tokens such as `<0x0A>` become bytes.
  case byteFallback
  /// All tokens become one.
  case fuse
  /// Up to so many equal characters at the beginning and end of each token are left out.
  case strip(content: Unicode.Scalar, start: Int, stop: Int)
  /// Every match of a pattern in a token is replaced by a text.
  case replace(TextPattern, content: String)
  /// Repeated tokens and padding are left out, and word delimiters become spaces.
  case ctc(padding: String, wordDelimiter: String, cleansUp: Bool)
  /// One after another.
  case sequence([TokenDecoder])
}

/// What a decoder makes of bytes that are not UTF-8.
enum InvalidBytes {
  /// They stay as they are.
  case kept
  /// They become U+FFFD, as in tokenizers.
  case replaced
}

extension TokenDecoder {
  /// The text of tokens as they are spelled.
  public func text(of tokens: [String]) -> String {
    let parts = decode(tokens.map { Array($0.utf8) }, .replaced)
    return String(decoding: parts.joined(), as: UTF8.self)
  }

  /// What a token becomes in the middle of a text, where nothing is left out at either end and no
  /// neighbor is the same.
  func bytes(inTextOf token: [UInt8]) -> [UInt8] {
    // The neighbors are letters that the decoder leaves as they are, if there are two such.
    let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { [$0] }.filter {
      $0 != token && decode([$0], .kept).joined().elementsEqual($0)
    }
    guard letters.count > 1 else { return Array(decode([token], .kept).joined()) }
    let frame = decode([letters[0], letters[1]], .kept).joined().count
    let whole = Array(decode([letters[0], token, letters[1]], .kept).joined())
    // The letter at the beginning stays; what comes with the one at the end is the same in both. A step
    // that replaces what the letters are together leaves neither.
    guard frame > 0, whole.count >= frame, whole.first == letters[0][0] else {
      return Array(decode([token], .kept).joined())
    }
    return Array(whole[1..<max(1, whole.count - frame + 1)])
  }

  /// The most times that the decoder makes tokens longer, by replacing one text by another again and
  /// again; the greatest number if that is greater.
  var growth: Int {
    switch self {
    case .replace(let pattern, let content):
      // What is not a plain text may match nothing, between any two bytes.
      let size =
        if case .string(let text) = pattern.source { text.utf8.count } else { 0 }
      return size == 0 ? 1 + content.utf8.count : max(1, (content.utf8.count + size - 1) / size)
    case .sequence(let steps): return steps.reduce(1) { $0.multiplied(clampedBy: $1.growth) }
    // An empty text is between any two bytes, and becomes a space.
    case .bpe(let suffix): return suffix.isEmpty ? 3 : 1
    case .ctc(_, let delimiter, let cleansUp): return delimiter.isEmpty && cleansUp ? 3 : 1
    default: return 1
    }
  }

  /// The most that ``growth`` may be.
  static let growthLimit = 1 << 10

  /// Decodes a list of tokens into a list of parts of the text.
  func decode(_ tokens: [[UInt8]], _ invalid: InvalidBytes) -> [[UInt8]] {
    switch self {
    case .byteLevel: [Self.bytes(spelledBy: tokens, invalid)]
    case .wordPiece(let prefix, let cleansUp):
      Self.words(of: tokens, prefix: Array(prefix.utf8), cleansUp: cleansUp)
    case .metaspace(let metaspace): metaspace.decode(tokens)
    case .bpe(let suffix): Self.text(of: tokens, suffix: Array(suffix.utf8))
    case .byteFallback: ByteFallback.decode(tokens, invalid)
    case .fuse: [Array(tokens.joined())]
    case .strip(let content, let start, let stop):
      tokens.map { Self.strip($0, content, start: start, stop: stop) }
    case .replace(let pattern, let content):
      tokens.map { pattern.replacingMatches(in: $0, with: Array(content.utf8)) }
    case .ctc(let padding, let wordDelimiter, let cleansUp):
      Self.transcript(
        of: tokens, padding: padding, wordDelimiter: wordDelimiter, cleansUp: cleansUp)
    case .sequence(let steps): steps.reduce(tokens) { $1.decode($0, invalid) }
    }
  }

  /// The steps, sequences within sequences resolved.
  var steps: [TokenDecoder] {
    if case .sequence(let steps) = self { steps.flatMap(\.steps) } else { [self] }
  }

  private static func bytes(spelledBy tokens: [[UInt8]], _ invalid: InvalidBytes) -> [UInt8] {
    var result: [UInt8] = []
    // A token with any character outside of the alphabet stands for itself.
    for token in tokens { result += ByteAlphabet.bytes(spelledBy: token.span) ?? token }
    return invalid == .kept ? result : Array(String(decoding: result, as: UTF8.self).utf8)
  }

  private static func words(
    of tokens: [[UInt8]], prefix: [UInt8], cleansUp: Bool
  ) -> [[UInt8]] {
    tokens.enumerated().map { index, token in
      var token = token
      if index != 0 {
        if token.span.hasPrefix(prefix) {
          token.removeFirst(prefix.count)
        } else {
          token.insert(UInt8(ascii: " "), at: 0)
        }
      }
      return cleansUp ? EnglishCleanup.apply(to: token) : token
    }
  }

  private static func text(of tokens: [[UInt8]], suffix: [UInt8]) -> [[UInt8]] {
    let pattern = TextPattern(String(decoding: suffix, as: UTF8.self))
    return tokens.enumerated().map { index, token in
      let space = index == tokens.count - 1 ? [] : [UInt8(ascii: " ")]
      return pattern.replacingMatches(in: token, with: space)
    }
  }

  private static func strip(
    _ token: [UInt8], _ content: Unicode.Scalar, start: Int, stop: Int
  ) -> [UInt8] {
    let mark = Array(String(Character(content)).utf8)
    var lower = 0
    var upper = token.count
    var count = 0
    while count < start, token.span.hasPrefix(mark, at: lower) {
      lower += mark.count
      count += 1
    }
    count = 0
    while count < stop, upper - mark.count >= lower,
      token.span.hasPrefix(mark, at: upper - mark.count)
    {
      upper -= mark.count
      count += 1
    }
    return Array(token[lower..<upper])
  }

  private static func transcript(
    of tokens: [[UInt8]], padding: String, wordDelimiter: String, cleansUp: Bool
  ) -> [[UInt8]] {
    let padding = TextPattern(padding)
    let wordDelimiter = TextPattern(wordDelimiter)
    var result: [[UInt8]] = []
    for (index, token) in tokens.enumerated() where index == 0 || tokens[index - 1] != token {
      var token = padding.replacingMatches(in: token, with: [])
      if cleansUp {
        token = wordDelimiter.replacingMatches(
          in: EnglishCleanup.apply(to: token), with: [UInt8(ascii: " ")])
      }
      if !token.isEmpty { result.append(token) }
    }
    return result
  }
}

extension Metaspace {
  fileprivate func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    let pattern = TextPattern(String(Character(replacement)))
    return tokens.enumerated().map { index, token in
      let space = index == 0 && prependScheme != .never ? [] : [UInt8(ascii: " ")]
      return pattern.replacingMatches(in: token, with: space)
    }
  }
}

extension TextPattern {
  /// A text in which every match is replaced.
  func replacingMatches(in text: [UInt8], with content: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var position = 0
    forEachMatch(in: text.span) { range in
      result += text[position..<range.lowerBound]
      result += content
      position = range.upperBound
    }
    return position == 0 && result.isEmpty ? text : result + text[position...]
  }
}
