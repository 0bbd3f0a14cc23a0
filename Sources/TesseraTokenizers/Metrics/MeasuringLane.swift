internal import TesseraBasics

/// What one thread does: encodes texts and counts.
final class MeasuringLane: @unchecked Sendable {
  // SAFETY of `@unchecked`: each lane is used by one call of a fork, and between forks by the thread
  // that forks.
  private let tokenizer: Tokenizer
  private let encoder: EncoderPool.Box
  private(set) var counts: TokenizerMeasurement
  /// What went wrong first: a text that the tokenizer's steps make grow too long.
  private(set) var failure: TokenizerError?
  /// Whether each token stands for one byte.
  private let isSingleByte: [Bool]
  /// The size of each token in bytes.
  private let sizes: [Int32]
  /// The tokens of the current text.
  private var ids: [TokenID] = []

  deinit { tokenizer.encoders.giveBack(encoder) }

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    counts = TokenizerMeasurement(of: tokenizer)
    encoder = tokenizer.encoders.take()
    var isSingleByte = [Bool](repeating: false, count: tokenizer.vocabularySize)
    switch tokenizer.model.alphabet {
    case .bytes:
      for id in isSingleByte.indices {
        isSingleByte[id] = tokenizer.tokens.size(of: TokenID(id)) == 1
      }
    case .characters where tokenizer.model.options.fallsBackToBytes:
      for byte in UInt8.min...UInt8.max {
        if let id = tokenizer.tokens.id(of: ByteFallback.spelling(of: byte)) {
          isSingleByte[Int(id)] = true
        }
      }
    case .characters: break
    }
    for token in tokenizer.addedTokens { isSingleByte[Int(token.id)] = false }
    self.isSingleByte = isSingleByte
    sizes = (0..<TokenID(tokenizer.vocabularySize)).map { id in
      Int32(tokenizer.addedBytes[id]?.count ?? tokenizer.tokens.size(of: id))
    }
  }

  /// Counts a document, or a part of one between safe splits where the words are told.
  ///
  /// - Parameter placing: Whether tokens are asked for their places in any case, which is slow.
  func add(_ chunk: DocumentChunk, placing: Bool = false) {
    ids.removeAll(keepingCapacity: true)
    if placing || !addJoined(chunk) { addPlaced(chunk) }
    // In local variables while they change: properties would be checked for exclusive access.
    var frequencies = exchange(&counts.frequencies, with: [])
    var singleByteCount = 0
    for id in ids {
      frequencies[Int(id)] += 1
      if isSingleByte[Int(id)] { singleByteCount += 1 }
    }
    counts.frequencies = frequencies
    counts.singleByteTokenCount += singleByteCount
    counts.byteCount += chunk.bytes.count
  }

  /// Calls the body with each word that begins in a chunk. One that goes on in the next chunk ends
  /// beyond the text, and so in no token.
  ///
  /// - Parameters:
  ///   - text: The chunk's text in some form, which keeps the characters at its ends.
  ///   - body: Gets ranges of the text.
  /// - Returns: The number of characters in the text.
  @discardableResult
  private static func forEachWord(
    in text: [UInt8], of chunk: DocumentChunk, _ body: (Range<Int>) -> Void
  ) -> Int {
    let start = chunk.before.count
    let joined = start == 0 && chunk.after.isEmpty ? text : chunk.before + text + chunk.after
    let characterCount = Words.forEach(in: joined.span) { word in
      guard word.lowerBound >= start, word.lowerBound < start + text.count else { return }
      body(word.lowerBound - start..<word.upperBound - start)
    }
    return characterCount - (chunk.before.isEmpty ? 0 : 1) - (chunk.after.isEmpty ? 0 : 1)
  }

  /// Counts a text whose tokens, one after the other, are its normal form, perhaps behind a space.
  ///
  /// - Returns: Whether it is one.
  private func addJoined(_ chunk: DocumentChunk) -> Bool {
    guard tokenizer.isFast, tokenizer.decodesBytes else { return false }
    let text = chunk.bytes
    var preTokenCount = 0
    let preTokenizer = PreTokenizer(pattern: tokenizer.pattern)
    forEachPart(of: text) { token, part in
      if let token {
        ids.append(token)
      } else {
        encoder.encodeText(part, into: &ids)
        preTokenizer.forEachPreToken(in: part) { _ in preTokenCount += 1 }
      }
    }
    let normalized = tokenizer.normalization.normalized(text.span)
    var whole = normalized ?? text
    let space = UInt8(ascii: " ")
    if tokenizer.addsPrefixSpace, let first = whole.first, first != space {
      whole = [space] + whole
    }
    let size = ids.reduce(0) { $0 + Int(sizes[Int($1)]) }
    guard size == whole.count else {
      ids.removeAll(keepingCapacity: true)
      return false
    }
    counts.preTokenCount += preTokenCount
    var index = 0
    /// Where the token at the index ends.
    var end = ids.first.map { Int(sizes[Int($0)]) } ?? 0
    var (wordCount, wholeWordCount) = (0, 0)
    let characterCount = Self.forEachWord(in: whole, of: chunk) { word in
      while end <= word.lowerBound {
        index += 1
        end += Int(sizes[Int(ids[index])])
      }
      wordCount += 1
      if end >= word.upperBound { wholeWordCount += 1 }
    }
    counts.wordCount += wordCount
    counts.wholeWordCount += wholeWordCount
    // Those of the text, of which the space is none.
    counts.characterCount +=
      normalized == nil
      ? characterCount - (whole.count - text.count) : Words.forEach(in: text.span) { _ in }
    return true
  }

  /// Counts a text whose tokens say where they are from.
  private func addPlaced(_ chunk: DocumentChunk) {
    let text = chunk.bytes
    let encoding: Encoding
    do {
      encoding = try tokenizer.encoding(of: text, sequenceIndex: 0, special: .none, with: encoder)
    } catch {
      failure = failure ?? error
      return
    }
    ids += encoding.ids
    let preTokenizer = tokenizer.isFast ? PreTokenizer(pattern: tokenizer.pattern) : nil
    forEachPart(of: text) { token, part in
      if token != nil { return }
      if let preTokenizer {
        preTokenizer.forEachPreToken(in: part) { _ in counts.preTokenCount += 1 }
      } else {
        counts.preTokenCount += 1
      }
    }
    var index = 0
    let ranges = encoding.offsets
    counts.characterCount += Self.forEachWord(in: text, of: chunk) { word in
      while index < ranges.count, ranges[index].upperBound <= word.lowerBound { index += 1 }
      counts.wordCount += 1
      // One token touches it and no other; what normalization leaves out of it is in none.
      guard word.upperBound <= text.count, index < ranges.count,
        ranges[index].lowerBound < word.upperBound,
        index + 1 == ranges.count || ranges[index + 1].lowerBound >= word.upperBound
      else { return }
      counts.wholeWordCount += 1
    }
  }

  private func forEachPart(of text: [UInt8], _ body: (TokenID?, Span<UInt8>) -> Void) {
    do {
      try tokenizer.forEachPart(of: text.span, special: .none) { token, part, _ in
        body(token, part)
      }
    } catch {
      failure = failure ?? error
    }
  }
}
