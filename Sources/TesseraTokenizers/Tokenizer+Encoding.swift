internal import TesseraBasics

extension Tokenizer {
  /// The tokens of a text.
  ///
  /// Long texts are split at places where splitting changes nothing and encoded on all workers;
  /// the tokens are the same for any number of them. Where a tokenizer has steps besides a
  /// normalization form and a pattern, they are done one after another, since some of them look at all
  /// of a text, and only merging is shared; with dropout nothing is.
  ///
  /// - Parameters:
  ///   - bytes: The text. A text without bytes has no tokens.
  ///   - special: What to do where it contains special tokens.
  ///   - seed: Decides what dropout leaves out, if the tokenizer has it.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  /// - Complexity: O(*n*) time for text in words, O(*n* log *n*) for one word of *n* bytes.
  public func encode(
    _ bytes: [UInt8], special: SpecialTokenPolicy = .none, seed: UInt64 = 0
  ) throws(TokenizerError) -> [TokenID] {
    if bytes.count >= Self.parallelSize, isFast, Workers.threadCount > 1 {
      return try encodeDocuments([bytes], special: special)[0]
    }
    // What dropout leaves out depends on all that was merged before.
    if bytes.count >= Self.parallelSize, !isFast, model.options.dropout == 0,
      Workers.threadCount > 1
    {
      return try encodeSteps(bytes.span, special: special)
    }
    let encoder = encoders.take()
    defer { encoders.giveBack(encoder) }
    encoder.begin(seed: seed)
    var ids: [TokenID] = []
    try encode(bytes.span, special: special, with: encoder, into: &ids)
    return ids
  }

  /// The tokens of a text.
  public func encode(
    _ text: String, special: SpecialTokenPolicy = .none, seed: UInt64 = 0
  ) throws(TokenizerError) -> [TokenID] {
    try encode(Array(text.utf8), special: special, seed: seed)
  }

  /// Whether a text that arrives in pieces has tokens before it is complete; see
  /// ``StreamingEncoder/isIncremental``.
  public var encodesIncrementally: Bool { isFast }

  /// Whether the fast encoder does all between added tokens.
  var isFast: Bool {
    guard case .byteLevel = engine else { return false }
    return steps.byteLevel != nil
  }

  /// An encoder for one thread that encodes many texts.
  public func makeEncoder() -> Encoder { Encoder(self) }

  /// An encoder with other limits, for tests.
  package func makeEncoder(_ limits: EncoderLimits) -> Encoder { Encoder(self, limits) }

  /// Encodes a text with an encoder of this tokenizer.
  func encode(
    _ text: Span<UInt8>, special: SpecialTokenPolicy, with encoder: EncoderPool.Box,
    into ids: inout [TokenID]
  ) throws(TokenizerError) {
    try forEachPart(of: text, special: special) { token, text, _ in
      if let token {
        ids.append(token)
      } else {
        encoder.encodeText(text, into: &ids)
      }
    }
  }
}

// MARK: - Parts

extension Tokenizer {
  /// Gets an added token and its text; or no token, text that is to be split and merged, and where
  /// it is in the whole text if it is a part of that, unchanged.
  typealias PartBody = (TokenID?, Span<UInt8>, Int?) -> Void

  /// Finds added tokens, normalizes what is between them, and hands out both in order.
  ///
  /// First come the tokens of the text as it is. What lies between is normalized, and then the
  /// tokens of normalized text are found.
  func forEachPart(
    of text: Span<UInt8>, special: SpecialTokenPolicy, _ body: PartBody
  ) throws(TokenizerError) {
    if text.isEmpty { return }
    guard !rawMatcher.isIdle(special) else {
      try forEachNormalizedPart(of: text, at: 0, special: special, body)
      return
    }
    for part in try rawMatcher.parts(of: text, special) {
      let inside = text.extracting(part.range)
      if part.token != nil {
        body(part.token, inside, part.range.lowerBound)
      } else {
        try forEachNormalizedPart(of: inside, at: part.range.lowerBound, special: special, body)
      }
    }
  }

  private func forEachNormalizedPart(
    of text: Span<UInt8>, at offset: Int, special: SpecialTokenPolicy, _ body: PartBody
  ) throws(TokenizerError) {
    guard let byteLevel = isFast ? steps.byteLevel : nil else {
      return try forEachPreToken(of: text, at: offset, special: special, body)
    }
    do throws(TokenizerError) {
      if let normalized = byteLevel.normalization.normalized(text) {
        try forEachFinalPart(of: normalized.span, at: nil, special: special, body)
      } else {
        try forEachFinalPart(of: text, at: offset, special: special, body)
      }
    } catch {
      throw located(error, of: text, at: offset)
    }
  }

  /// The error with the offset in the text of a special token that was found in normalized text.
  private func located(
    _ error: TokenizerError, of text: Span<UInt8>, at offset: Int
  ) -> TokenizerError {
    guard case .specialTokenInText(let token, .some(let place)) = error,
      let normalized = try? steps.normalized(text, offset: offset, tracksOrigins: true)
    else { return error }
    return .specialTokenInText(
      token, offset: normalized.origin(of: place..<place + 1).lowerBound)
  }

  private func forEachFinalPart(
    of text: Span<UInt8>, at offset: Int?, special: SpecialTokenPolicy, _ body: PartBody
  ) throws(TokenizerError) {
    guard !normalizedMatcher.isIdle(special) else {
      withPrefixSpace(text, at: offset, body)
      return
    }
    for part in try normalizedMatcher.parts(of: text, special) {
      let inside = text.extracting(part.range)
      let place = offset.map { $0 + part.range.lowerBound }
      if part.token != nil {
        body(part.token, inside, place)
      } else {
        withPrefixSpace(inside, at: place, body)
      }
    }
  }

  private func withPrefixSpace(_ text: Span<UInt8>, at offset: Int?, _ body: PartBody) {
    if addsPrefixSpace, !text.isEmpty, text[0] != UInt8(ascii: " ") {
      let prefixed = [UInt8(ascii: " ")] + copy(of: text)
      body(nil, prefixed.span, nil)
    } else {
      body(nil, text, offset)
    }
  }

  /// All steps that the fast encoder does not do: hands out pre-tokens one by one.
  private func forEachPreToken(
    of text: Span<UInt8>, at offset: Int, special: SpecialTokenPolicy, _ body: PartBody
  ) throws(TokenizerError) {
    let normalized = try steps.normalized(text, offset: offset, tracksOrigins: false)
    let parts: [AddedTokenMatcher.Part]
    do throws(TokenizerError) {
      parts = try normalizedMatcher.parts(of: normalized.bytes.span, special)
    } catch {
      throw located(error, of: text, at: offset)
    }
    for part in parts {
      if let token = part.token {
        body(token, normalized.bytes.span.extracting(part.range), nil)
      } else {
        let preTokens = try steps.preTokens(of: normalized.part(part.range))
        for range in preTokens.ranges {
          body(nil, preTokens.text.bytes.span.extracting(range), nil)
        }
      }
    }
  }

  func copy(of text: Span<UInt8>) -> [UInt8] {
    // SAFETY: the buffer is copied within the closure.
    unsafe text.withUnsafeBufferPointer { unsafe Array($0) }
  }
}
