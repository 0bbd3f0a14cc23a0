internal import TesseraBasics

// Encoding on all workers. Work is split by the size of texts alone, and results are put together in
// order, so that they do not depend on the number of workers.

extension Tokenizer {
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
    var parts = [[[TokenID]]](repeating: [], count: documents.count)
    for (piece, ids) in zip(pieces, encoded) { parts[piece.0].append(ids) }
    return parts.map(parallelJoin)
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
  static let parallelSize = 1 << 20
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

  /// The tokens of a long text of which the steps are done one after another, because some of them may
  /// look at all of it. What they come to is merged on all workers.
  func encodeSteps(
    _ text: Span<UInt8>, special: SpecialTokenPolicy
  ) throws(TokenizerError) -> [TokenID] {
    // Pre-tokens lie in one array, a group of them for each piece of work; an added token is a group.
    var bytes: [UInt8] = []
    var groups: [(token: TokenID?, ranges: [Range<Int>])] = []
    var groupSize = 0
    try forEachPart(of: text, special: special) { token, text, _ in
      let start = bytes.count
      if token == nil { bytes += copy(of: text) }
      if token != nil || groupSize == 0 || groupSize >= Self.pieceSize {
        groups.append((token, []))
        groupSize = 0
      }
      if token == nil {
        groups[groups.count - 1].ranges.append(start..<bytes.count)
        groupSize += text.count
      }
    }
    let (source, work) = (bytes, groups)
    let encoded = parallelMap(work.count) { index in
      if let token = work[index].token { return [token] }
      let encoder = encoders.take()
      defer { encoders.giveBack(encoder) }
      var ids: [TokenID] = []
      for range in work[index].ranges {
        encoder.encodeText(source.span.extracting(range), into: &ids)
      }
      return ids
    }
    return parallelJoin(encoded)
  }

  /// Appends the tokens of a part of a text from a place on, as far as they do not depend on what
  /// follows; where there is much of it, on all workers.
  ///
  /// - Returns: How far that is.
  func encodeCertain(
    _ text: [UInt8], from start: Int, isComplete: Bool, with encoder: EncoderPool.Box,
    into ids: inout [TokenID]
  ) -> Int {
    guard text.count - start >= Self.parallelSize, Workers.threadCount > 1 else {
      return encoder.encodeCertain(text.span, from: start, isComplete: isComplete, into: &ids)
    }
    // A character of which a part is there is not yet known to end a word.
    let size = isComplete ? text.count : max(start, TextStream.completeSize(of: text.span))
    let ranges = pieceRanges(of: text.span.extracting(first: size), start..<size)
    // Where the last piece ends there is no good place if the text goes on.
    let pieces = ranges.dropLast()
    let encoded = parallelMap(pieces.count) { index in
      let encoder = encoders.take()
      defer { encoders.giveBack(encoder) }
      var ids: [TokenID] = []
      // The first piece may begin where patterns look at the character before.
      let range = pieces[index]
      _ = encoder.encodeCertain(
        text.span.extracting((index == 0 ? 0 : range.lowerBound)..<range.upperBound),
        from: index == 0 ? range.lowerBound : 0, isComplete: true, into: &ids)
      return ids
    }
    for piece in encoded { ids += piece }
    return encoder.encodeCertain(
      text.span, from: pieces.last?.upperBound ?? start, isComplete: isComplete, into: &ids)
  }
}
