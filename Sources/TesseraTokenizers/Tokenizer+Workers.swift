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
      let document = documents[index]
      return try EncodingSteps(document.span, special: special, self)
    }
    // Long documents are shared out piece by piece, the others one by one.
    let isLong = documents.map { $0.count >= Self.parallelSize }
    let short = documents.indices.filter { !isLong[$0] }
    let encoded = parallelMap(short.count) { index in
      let (document, steps) = (documents[short[index]], steps[short[index]])
      var ids: [TokenID] = []
      encode(steps, steps.all, of: document, into: &ids)
      return ids
    }
    var results = [[TokenID]](repeating: [], count: documents.count)
    for (index, ids) in zip(short, encoded) { results[index] = ids }
    for index in documents.indices where isLong[index] {
      results[index] = encodePieces(
        of: steps[index].divided(documents[index], self), documents[index])
    }
    return results
  }

  /// The tokens of a long text, the pieces of its steps encoded on all workers.
  private func encodePieces(of steps: EncodingSteps, _ document: [UInt8]) -> [TokenID] {
    let pieces = steps.pieces
    return parallelConcatenation(pieces.count) { firstCount in
      // A third more than the first piece suggests, as it is not like all of the text.
      let rate = Double(firstCount) / Double(max(1, steps.size(of: pieces[0]))) * 1.3
      return Int(max(0.25, min(rate, 1)) * Double(steps.size(of: steps.all)))
    } body: { index, ids in
      encode(steps, pieces[index], of: document, into: &ids)
    }
  }

  private func encode(
    _ steps: EncodingSteps, _ range: Range<Int>, of document: [UInt8], into ids: inout [TokenID]
  ) {
    let encoder = encoders.take()
    defer { encoders.giveBack(encoder) }
    for step in steps.steps[range] {
      switch step {
      case .token(let id): ids.append(id)
      case .original(let range): encoder.encodeText(document.span.extracting(range), into: &ids)
      case .changed(let range):
        encoder.encodeText(steps.changed.span.extracting(range), into: &ids)
      }
    }
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

  /// The tokens of a long text of which the steps are done one after another, because some of them may
  /// look at all of it. What they come to is merged on all workers.
  func encodeSteps(
    _ text: Span<UInt8>, special: SpecialTokenPolicy
  ) throws(TokenizerError) -> [TokenID] {
    try encodePieces(of: EncodingSteps(text, special: special, self), [])
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
    let ranges = EncodingSteps.parts(of: text.span.extracting(first: size), start..<size, pattern)
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
