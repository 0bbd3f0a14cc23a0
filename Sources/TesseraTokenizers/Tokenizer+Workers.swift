internal import TesseraBasics

// Encoding on all workers. Texts are cut only where that changes nothing, and results are put together in
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
    // Documents that alone are not worth a worker are encoded together. An empty one counts as well.
    let groups = EncodingSteps.groups(ofSizes: documents.lazy.map { $0.count + 64 })
    let isShared = isFast && Workers.threadCount > 1
    let encoded = try parallelMap(groups.count) { index throws(TokenizerError) -> EncodedGroup in
      let group = groups[index]
      let document = documents[group.lowerBound]
      if isShared, document.count > 2 * EncodingSteps.pieceSize {
        return .steps(
          try EncodingSteps(document.span, special: special, self).divided(document, self))
      }
      return .tokens(try encodeInOrder(documents, group, special: special, seed: seed))
    }
    var results: [[TokenID]] = []
    results.reserveCapacity(documents.count)
    var long: [LongDocument] = []
    for group in encoded {
      switch group {
      case .tokens(let ids): results += ids
      case .steps(let steps):
        long.append(LongDocument(index: results.count, steps: steps, pieces: steps.pieces))
        results.append([])
      }
    }
    // One document of many pieces is enough for all workers. Others are encoded together.
    let manyPieces = Workers.threadCount * 8
    let few = long.filter { $0.pieces.count < manyPieces }
    for (document, ids) in zip(few, encodePieces(of: few, documents)) {
      results[document.index] = ids
    }
    for document in long where document.pieces.count >= manyPieces {
      results[document.index] = encodePieces(
        document.pieces, of: document.steps, documents[document.index])
    }
    return results
  }

  /// What becomes of a group of documents at first.
  private enum EncodedGroup: Sendable {
    case tokens([[TokenID]])
    /// The steps of a long document, which stands alone and is shared out.
    case steps(EncodingSteps)
  }

  /// A document that is shared out.
  private struct LongDocument: Sendable {
    var index: Int
    var steps: EncodingSteps
    var pieces: [Range<Int>]
  }

  /// The tokens of several documents, the pieces of all of them encoded on all workers.
  private func encodePieces(of long: [LongDocument], _ documents: [[UInt8]]) -> [[TokenID]] {
    let pieces = long.flatMap { document in document.pieces.map { (document, $0) } }
    let encoded = parallelMap(pieces.count) { index in
      let (document, piece) = pieces[index]
      var ids: [TokenID] = []
      encode(document.steps, piece, of: documents[document.index], into: &ids)
      return ids
    }
    var starts = [0]
    for document in long { starts.append(starts[starts.count - 1] + document.pieces.count) }
    let pieceStarts = starts
    return parallelMap(long.count) { number in
      let parts = encoded[pieceStarts[number]..<pieceStarts[number + 1]]
      var ids: [TokenID] = []
      ids.reserveCapacity(parts.reduce(0) { $0 + $1.count })
      for part in parts { ids += part }
      return ids
    }
  }

  /// The tokens of a long text, the pieces of its steps encoded on all workers.
  private func encodePieces(
    _ pieces: [Range<Int>], of steps: EncodingSteps, _ document: [UInt8]
  ) -> [TokenID] {
    let size = Double(steps.size(of: steps.all))
    // A third more than the beginning suggests, as it is not like all of the text.
    let rate = max(0.25, min(tokensPerByte(of: steps, document) * 1.3, 1))
    return parallelConcatenation(pieces.count, capacity: Int(size * rate)) { index, ids in
      encode(steps, pieces[index], of: document, into: &ids)
    }
  }

  /// How many tokens the beginning of a text has for each of its bytes.
  private func tokensPerByte(of steps: EncodingSteps, _ document: [UInt8]) -> Double {
    let sample = steps.prefix(1 << 16)
    var ids: [TokenID] = []
    encode(sample, sample.all, of: document, into: &ids)
    return Double(ids.count) / Double(max(1, sample.size(of: sample.all)))
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

  /// The tokens of some of several texts, encoded one after another.
  private func encodeInOrder(
    _ documents: [[UInt8]], _ range: Range<Int>, special: SpecialTokenPolicy, seed: UInt64
  ) throws(TokenizerError) -> [[TokenID]] {
    let encoder = encoders.take()
    defer { encoders.giveBack(encoder) }
    var results: [[TokenID]] = []
    results.reserveCapacity(range.count)
    for index in range {
      encoder.begin(seed: seed &+ UInt64(index))
      let document = documents[index]
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
    let steps = try EncodingSteps(text, special: special, self)
    return encodePieces(steps.pieces, of: steps, [])
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
