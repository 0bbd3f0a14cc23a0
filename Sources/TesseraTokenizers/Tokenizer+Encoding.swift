internal import TesseraBasics

extension Tokenizer {
  /// The tokens of a text.
  ///
  /// Long texts are split at places where splitting changes nothing and encoded on all workers;
  /// the tokens are the same for any number of them.
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

  /// Whether the fast encoder does all between added tokens.
  var isFast: Bool {
    guard case .byteLevel = engine else { return false }
    return steps.byteLevel != nil
  }

  /// An encoder with a memory of its own, for one thread that encodes many texts.
  public func makeEncoder() -> Encoder { Encoder(self) }

  /// An encoder with other limits, for tests.
  package func makeEncoder(_ limits: EncoderLimits) -> Encoder { Encoder(self, limits) }

  /// The tokens of several texts, encoded on all workers.
  ///
  /// Under dropout, each text has the tokens that it has alone with the seed plus its index.
  ///
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` for the first text that has one,
  ///   under that policy.
  public func encodeDocuments(
    _ documents: [[UInt8]], special: SpecialTokenPolicy = .none, seed: UInt64 = 0
  ) throws(TokenizerError) -> [[TokenID]] {
    if !isFast {
      return try parallelMap(documents.count) { index throws(TokenizerError) in
        let encoder = encoders.take()
        defer { encoders.giveBack(encoder) }
        encoder.begin(seed: seed &+ UInt64(index))
        let document = documents[index]
        var ids: [TokenID] = []
        try encode(document.span, special: special, with: encoder, into: &ids)
        return ids
      }
    }
    if Workers.threadCount == 1 { return try encodeInOrder(documents, special: special) }
    let steps = try parallelMap(documents.count) { index throws(TokenizerError) in
      try self.steps(for: documents[index], special: special)
    }
    let pieces = steps.enumerated().flatMap { document, steps in
      steps.enumerated().flatMap { index, step in
        pieceRanges(of: step, in: documents[document]).map { (document, index, $0) }
      }
    }
    let encoded = parallelMap(pieces.count) { piece in
      let (document, step, range) = pieces[piece]
      let encoder = encoders.take()
      defer { encoders.giveBack(encoder) }
      var ids: [TokenID] = []
      switch steps[document][step] {
      case .token(let id): ids.append(id)
      case .part:
        let text = documents[document]
        encoder.encodeText(text.span.extracting(range), into: &ids)
      case .text(let text): encoder.encodeText(text.span.extracting(range), into: &ids)
      }
      return ids
    }
    var results = [[TokenID]](repeating: [], count: documents.count)
    // Room for all of a text's tokens at once: growing would copy them, and touch twice the memory.
    var counts = [Int](repeating: 0, count: documents.count)
    for (piece, ids) in zip(pieces, encoded) { counts[piece.0] += ids.count }
    for (piece, ids) in zip(pieces, encoded) {
      let count = counts[piece.0]
      if ids.count == count {
        results[piece.0] = ids
      } else {
        if results[piece.0].isEmpty { results[piece.0].reserveCapacity(count) }
        results[piece.0] += ids
      }
    }
    return results
  }

  /// The tokens of several texts, encoded one after another.
  private func encodeInOrder(
    _ documents: [[UInt8]], special: SpecialTokenPolicy
  ) throws(TokenizerError) -> [[TokenID]] {
    let encoder = encoders.take()
    defer { encoders.giveBack(encoder) }
    var results: [[TokenID]] = []
    results.reserveCapacity(documents.count)
    for document in documents {
      var ids: [TokenID] = []
      try encode(document.span, special: special, with: encoder, into: &ids)
      results.append(ids)
    }
    return results
  }

  /// The size in bytes from which a text is worth several workers.
  private static let parallelSize = 1 << 20
  /// How many bytes a worker takes at once.
  private static let pieceSize = 1 << 18

  /// What a text consists of once added tokens are found.
  private enum Step: Sendable {
    case token(TokenID)
    /// A part of the text as it is.
    case part(Range<Int>)
    /// Text that normalization has changed.
    case text([UInt8])
  }

  private func steps(
    for bytes: [UInt8], special: SpecialTokenPolicy
  ) throws(TokenizerError) -> [Step] {
    var steps: [Step] = []
    try forEachPart(of: bytes.span, special: special) { token, text, offset in
      if let token {
        steps.append(.token(token))
      } else if let offset {
        steps.append(.part(offset..<offset + text.count))
      } else {
        steps.append(.text(copy(of: text)))
      }
    }
    return steps
  }

  /// The parts of a step that workers can encode on their own.
  private func pieceRanges(of step: Step, in document: [UInt8]) -> [Range<Int>] {
    switch step {
    case .token: [0..<0]
    case .part(let range): pieceRanges(of: document.span, range)
    case .text(let text): pieceRanges(of: text.span, 0..<text.count)
    }
  }

  private func pieceRanges(of text: Span<UInt8>, _ range: Range<Int>) -> [Range<Int>] {
    let preTokenizer = PreTokenizer(pattern: pattern)
    let inside = text.extracting(range)
    var ranges: [Range<Int>] = []
    var start = 0
    while inside.count - start > Self.pieceSize * 2 {
      // Where a piece has no good place to end, look in the next one, and so on.
      var lower = start
      var limit = start + Self.pieceSize
      var split: Int?
      while split == nil, limit < inside.count {
        split = preTokenizer.safeSplit(before: limit, after: lower, in: inside)
        lower = limit
        limit += Self.pieceSize
      }
      guard let split else { break }
      ranges.append(range.lowerBound + start..<range.lowerBound + split)
      start = split
    }
    if start < inside.count { ranges.append(range.lowerBound + start..<range.upperBound) }
    return ranges
  }

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
    if let normalized = byteLevel.normalization.normalized(text) {
      try forEachFinalPart(of: normalized.span, at: nil, special: special, body)
    } else {
      try forEachFinalPart(of: text, at: offset, special: special, body)
    }
  }

  private func forEachFinalPart(
    of text: Span<UInt8>, at offset: Int?, special: SpecialTokenPolicy, _ body: PartBody
  ) throws(TokenizerError) {
    guard !normalizedMatcher.isIdle(special) else {
      withPrefixSpace(text, at: offset, body)
      return
    }
    let parts: [AddedTokenMatcher.Part]
    do {
      parts = try normalizedMatcher.parts(of: text, special)
    } catch {
      // The matcher counts from the beginning of its part.
      guard case .specialTokenInText(let token, let place) = error else { throw error }
      throw .specialTokenInText(
        token, offset: offset.flatMap { offset in place.map { offset + $0 } })
    }
    for part in parts {
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
    let normalized = steps.normalized(text, offset: offset, tracksOrigins: false)
    for part in try normalizedParts(of: normalized, special: special) {
      if let token = part.token {
        body(token, normalized.bytes.span.extracting(part.range), nil)
      } else {
        let preTokens = steps.preTokens(of: normalized.part(part.range))
        for range in preTokens.ranges {
          body(nil, preTokens.text.bytes.span.extracting(range), nil)
        }
      }
    }
  }

  /// Finds the added tokens of normalized text.
  func normalizedParts(
    of text: AlignedText, special: SpecialTokenPolicy
  ) throws(TokenizerError) -> [AddedTokenMatcher.Part] {
    do {
      return try normalizedMatcher.parts(of: text.bytes.span, special)
    } catch {
      // The matcher counts in normalized text.
      guard case .specialTokenInText(let token, _) = error else { throw error }
      throw .specialTokenInText(token, offset: nil)
    }
  }

  private func copy(of text: Span<UInt8>) -> [UInt8] {
    // SAFETY: the buffer is copied within the closure.
    unsafe text.withUnsafeBufferPointer { unsafe Array($0) }
  }
}
