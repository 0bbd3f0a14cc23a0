internal import TesseraBasics

extension Tokenizer {
  /// The tokens of a text or a pair of texts as a model takes them: truncated, surrounded by what
  /// the post-processor adds, and filled up, as the tokenizer's file says.
  ///
  ///     let input = try tokenizer.encoding(of: Array("One fine day".utf8))
  ///     input.ids      // with the tokens that the model expects around a text
  ///     input.offsets  // and the bytes of the text that each token stands for
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - second: The second text of a pair.
  ///   - addsSpecialTokens: Whether the post-processor adds tokens.
  ///   - special: What to do where a text contains special tokens.
  ///   - seed: Decides what dropout leaves out, if the tokenizer has it.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy, and for
  ///   truncations that cannot be done ``TokenizerError/truncationTooShort(length:added:)``,
  ///   ``TokenizerError/strideTooLong(_:length:)``, ``TokenizerError/noSecondText``,
  ///   ``TokenizerError/textTooShortToTruncate(length:excess:)`` or
  ///   ``TokenizerError/tooMany(of:limit:)``; ``TokenizerError/textGrowsTooLong(size:limit:)``.
  public func encoding(
    of text: [UInt8], and second: [UInt8]? = nil, addsSpecialTokens: Bool = true,
    special: SpecialTokenPolicy = .none, seed: UInt64 = 0
  ) throws(TokenizerError) -> Encoding {
    try encodings(
      of: [(text, second)], addsSpecialTokens: addsSpecialTokens, special: special, seed: seed)[0]
  }

  /// The tokens of several texts or pairs, encoded on all workers and filled up together.
  public func encodings(
    of texts: [(first: [UInt8], second: [UInt8]?)], addsSpecialTokens: Bool = true,
    special: SpecialTokenPolicy = .none, seed: UInt64 = 0
  ) throws(TokenizerError) -> [Encoding] {
    var encodings = try parallelMap(texts.count) { index throws(TokenizerError) in
      let encoder = encoders.take()
      defer { encoders.giveBack(encoder) }
      encoder.begin(seed: seed &+ UInt64(index))
      let pair = [texts[index].first] + (texts[index].second.map { [$0] } ?? [])
      return try encoding(
        of: pair, addsSpecialTokens: addsSpecialTokens, special: special, with: encoder)
    }
    try pipeline.padding?.apply(to: &encodings)
    return encodings
  }

  private func encoding(
    of texts: [[UInt8]], addsSpecialTokens: Bool, special: SpecialTokenPolicy,
    with encoder: EncoderPool.Box
  ) throws(TokenizerError) -> Encoding {
    var encodings: [Encoding] = []
    for (index, text) in texts.enumerated() {
      encodings.append(
        try encoding(of: text, sequenceIndex: index, special: special, with: encoder))
    }
    let processor = pipeline.postProcessor
    if let truncation = pipeline.truncation {
      let added = addsSpecialTokens ? processor?.addedCount(isPair: texts.count == 2) ?? 0 : 0
      try truncation.apply(to: &encodings, addedCount: added)
    }
    if let processor {
      encodings = try processor.process(encodings, addsTokens: addsSpecialTokens, texts: texts) {
        encoding, index in
        let id = encoding.ids[index]
        // An added token is spelled as it is found, with the white space that it has taken.
        guard let sequence = encoding.sequenceIndices[index], addedBytes[id] != nil else {
          return spelling(of: id) ?? []
        }
        return Array(texts[sequence][encoding.offsets[index]])
      }
    }
    try Encoding.checkJoinedCount(of: encodings)
    return Encoding(joining: encodings)
  }

  /// The tokens of one text with their offsets, before anything is added or cut.
  ///
  /// - Parameter onWord: Told where the tokens of each pre-token begin, and each added token, unless there
  ///   are none.
  func encoding(
    of text: [UInt8], sequenceIndex: Int, special: SpecialTokenPolicy,
    with encoder: EncoderPool.Box, onWord: (Int) -> Void = { _ in }
  ) throws(TokenizerError) -> Encoding {
    var result = Encoding()
    func append(_ id: TokenID, _ range: Range<Int>) {
      result.append(
        id, typeID: UInt32(sequenceIndex), offsets: range, sequenceIndex: sequenceIndex)
    }
    if text.isEmpty { return result }
    for raw in try rawMatcher.parts(of: text.span, special) {
      if let token = raw.token {
        onWord(result.count)
        append(token, raw.range)
        continue
      }
      let normalized = try steps.normalized(
        text.span.extracting(raw.range), offset: raw.range.lowerBound, tracksOrigins: true)
      let parts: [AddedTokenMatcher.Part]
      do throws(TokenizerError) {
        parts = try normalizedMatcher.parts(of: normalized.bytes.span, special)
      } catch {
        guard case .specialTokenInText(let token, .some(let place)) = error else { throw error }
        throw .specialTokenInText(
          token, offset: normalized.origin(of: place..<place + 1).lowerBound)
      }
      for part in parts {
        if let token = part.token {
          onWord(result.count)
          append(token, normalized.origin(of: part.range))
          continue
        }
        let preTokens = try steps.preTokens(of: normalized.part(part.range))
        for range in preTokens.ranges {
          var start = range.lowerBound
          let first = result.count
          encoder.encode(preTokens.text.bytes.span.extracting(range), tokens) { id, size in
            // Tokens for the bytes of a suffix cover nothing of the text.
            let end = min(start + size, range.upperBound)
            let covered = min(start, end - 1)..<end
            append(id, preTokens.text.origin(of: covered))
            start = end
          }
          if result.count > first { onWord(first) }
        }
      }
    }
    return result
  }
}
