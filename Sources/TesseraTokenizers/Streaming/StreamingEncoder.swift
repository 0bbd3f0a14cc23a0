internal import TesseraBasics

/// Encodes a text that arrives in pieces of any size, and gives tokens as soon as they are certain.
///
///     var stream = tokenizer.makeStreamingEncoder()
///     var ids: [TokenID] = []
///     while let piece = next() { try stream.add(piece.span, into: &ids) }
///     try stream.finish(into: &ids)
///
/// The tokens are those of the whole text. What waits is what further text could change: the
/// pre-token at the end and the one before it, a character that is not complete or could combine with
/// the next one, and the beginning of an added token. So memory does not grow with the text, but with
/// its longest pre-token.
///
/// That goes for tokenizers over bytes with a pattern and at most a normalization form. All others
/// wait for the whole text: see ``isIncremental``. A text without a pattern is one pre-token.
public struct StreamingEncoder: ~Copyable {
  /// Whether tokens come before the text is complete.
  ///
  /// If not, because of dropout, of a vocabulary over characters, or of a normalizer or pre-tokenizer
  /// that is more than a form and a pattern, the text is kept and encoded at its end.
  public var isIncremental: Bool { tokenizer.encodesIncrementally }

  private let tokenizer: Tokenizer
  private let special: SpecialTokenPolicy
  private let box: EncoderPool.Box
  private let seed: UInt64
  /// The text as it came, where added tokens are looked for in it.
  private var raw: AddedTokenStream
  /// What is to be normalized.
  private var unnormalized = StreamingBuffer()
  /// Normalized text, where added tokens are looked for in it.
  private var normalized: AddedTokenStream
  /// Where the text between added tokens begins in the whole, and whether normalization has changed it.
  private var segmentStart = 0
  private var isChanged = false
  /// Text that is to be split, behind a character of what was split before.
  private var part = StreamingBuffer()
  /// Where the first pre-token begins that has no tokens yet.
  private var partStart = 0

  init(_ tokenizer: Tokenizer, special: SpecialTokenPolicy, seed: UInt64) {
    self.tokenizer = tokenizer
    self.special = special
    self.seed = seed
    box = tokenizer.encoders.take()
    raw = AddedTokenStream(tokenizer.rawMatcher, special)
    normalized = AddedTokenStream(tokenizer.normalizedMatcher, special)
  }

  deinit { tokenizer.encoders.giveBack(box) }

  /// Takes the next piece of the text.
  ///
  /// - Parameters:
  ///   - bytes: The piece; it may begin and end within a character.
  ///   - ids: Gets the tokens that have become certain; unchanged if an error is thrown.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy; the next piece then
  ///   begins another text.
  public mutating func add(
    _ bytes: Span<UInt8>, into ids: inout [TokenID]
  ) throws(TokenizerError) {
    try take(bytes, isLast: false, into: &ids)
  }

  /// Ends the text; the next piece begins another one.
  ///
  /// - Parameter ids: Gets the rest of the tokens; unchanged if an error is thrown.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  public mutating func finish(into ids: inout [TokenID]) throws(TokenizerError) {
    try take([UInt8]().span, isLast: true, into: &ids)
    reset()
  }

  /// How many bytes wait, for tests.
  package var waitingSize: Int {
    raw.waitingSize + unnormalized.bytes.count + normalized.waitingSize + part.bytes.count
  }

  private mutating func take(
    _ bytes: Span<UInt8>, isLast: Bool, into ids: inout [TokenID]
  ) throws(TokenizerError) {
    let count = ids.count
    do throws(TokenizerError) {
      if isIncremental {
        try takeRaw(bytes, isLast: isLast, into: &ids)
      } else {
        _ = part.add(bytes)
        guard isLast else { return }
        box.begin(seed: seed)
        try tokenizer.encode(part.bytes.span, special: special, with: box, into: &ids)
      }
    } catch {
      ids.removeSubrange(count...)
      reset()
      throw error
    }
  }

  private mutating func reset() {
    raw.removeAll()
    unnormalized.removeAll()
    normalized.removeAll()
    part.removeAll()
    partStart = 0
    segmentStart = 0
    isChanged = false
  }

  // MARK: Steps

  private mutating func takeRaw(
    _ bytes: Span<UInt8>, isLast: Bool, into ids: inout [TokenID]
  ) throws(TokenizerError) {
    if raw.isIdle { return try takeUnnormalized(bytes, isLast: isLast, into: &ids) }
    for part in try raw.parts(adding: bytes, isLast: isLast) {
      if let token = part.token {
        ids.append(token)
        segmentStart = part.end
        isChanged = false
      } else {
        try takeUnnormalized(part.bytes.span, isLast: part.isLast, into: &ids)
      }
    }
  }

  /// Takes text between added tokens, and its end.
  private mutating func takeUnnormalized(
    _ bytes: Span<UInt8>, isLast: Bool, into ids: inout [TokenID]
  ) throws(TokenizerError) {
    let form = tokenizer.normalization
    if form == .none { return try takeNormalized(bytes, isLast: isLast, into: &ids) }
    guard unnormalized.add(bytes) || isLast else { return }
    let text = unnormalized.bytes
    var end = isLast ? text.count : TextStream.completeSize(of: text.span)
    if !isLast {
      // Up to the last character that does not depend on what is before it: that may change with
      // what follows.
      repeat { end -= 1 } while end > 0 && !form.isIndependent(at: end, in: text.span)
      end = max(0, end)
    }
    let certain = text.span.extracting(0..<end)
    if let changed = form.normalized(certain) {
      isChanged = true
      try takeNormalized(changed.span, isLast: isLast, into: &ids)
    } else {
      try takeNormalized(certain, isLast: isLast, into: &ids)
    }
    if isLast { unnormalized.removeAll() } else { unnormalized.drop(end) }
  }

  private mutating func takeNormalized(
    _ bytes: Span<UInt8>, isLast: Bool, into ids: inout [TokenID]
  ) throws(TokenizerError) {
    if normalized.isIdle { return takePart(bytes, isLast: isLast, into: &ids) }
    let parts: [AddedTokenStream.Part]
    do throws(TokenizerError) {
      parts = try normalized.parts(adding: bytes, isLast: isLast)
    } catch {
      guard case .specialTokenInText(let token, let place) = error else { throw error }
      throw .specialTokenInText(token, offset: isChanged ? nil : place.map { segmentStart + $0 })
    }
    for part in parts {
      if let token = part.token {
        ids.append(token)
      } else {
        takePart(part.bytes.span, isLast: part.isLast, into: &ids)
      }
    }
    if isLast { normalized.removeAll() }
  }

  /// Takes text that is to be split and merged, and its end.
  private mutating func takePart(
    _ bytes: Span<UInt8>, isLast: Bool, into ids: inout [TokenID]
  ) {
    if tokenizer.addsPrefixSpace, part.offset == 0, part.bytes.isEmpty, !bytes.isEmpty,
      bytes[0] != UInt8(ascii: " ")
    {
      _ = part.add([UInt8(ascii: " ")].span)
    }
    guard part.add(bytes) || isLast else { return }
    partStart = tokenizer.encodeCertain(
      part.bytes, from: partStart, isComplete: isLast, with: box, into: &ids)
    if isLast {
      part.removeAll()
      partStart = 0
    } else {
      let dropped = max(0, partStart - PreTokenizer.lookBehind)
      part.drop(dropped)
      partStart -= dropped
    }
  }
}

extension Tokenizer {
  /// An encoder for a text that arrives in pieces.
  ///
  /// - Parameters:
  ///   - special: What to do where the text contains special tokens.
  ///   - seed: Decides what dropout leaves out, if the tokenizer has it.
  public func makeStreamingEncoder(
    special: SpecialTokenPolicy = .none, seed: UInt64 = 0
  ) -> StreamingEncoder {
    StreamingEncoder(self, special: special, seed: seed)
  }
}
