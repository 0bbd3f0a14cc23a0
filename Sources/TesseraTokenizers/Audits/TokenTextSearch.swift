internal import TesseraBasics

/// Looks for a text that encodes to a token.
struct TokenTextSearch: Sendable {
  private let tokenizer: Tokenizer
  /// Merges text and does nothing else.
  private let merging: Tokenizer
  /// Tokens that need no text of their own.
  private let exempt: Set<TokenID>

  /// A search in the vocabulary of a tokenizer, or nil if it has no tokens.
  init?(_ tokenizer: Tokenizer) {
    guard tokenizer.tokens.count > 0 else { return nil }
    var model = tokenizer.model
    model.options.dropout = 0
    var source = tokenizer
    if tokenizer.model.options.dropout > 0, let steady = try? tokenizer.withDropout(0) {
      source = steady
    }
    self.tokenizer = source
    if model.semantics == .ranks { model.merges = RankMerges.list(of: model.tokens) }
    model.semantics = .merges
    // The added tokens are what could be wrong with a tokenizer of this model, and there are none.
    guard
      let merging = try? model.alphabet == .bytes
        ? Tokenizer(model: model, pattern: .none)
        : Tokenizer(model: model, pipeline: TokenizerPipeline())
    else { return nil }
    self.merging = merging
    var exempt = Set(tokenizer.addedTokens.map(\.id))
    if model.alphabet == .bytes {
      exempt.formUnion((UInt8.min...UInt8.max).compactMap { model.tokens.id(of: [$0]) })
    } else {
      if let unknown = model.options.unknownToken,
        let id = model.tokens.id(of: Array(unknown.utf8))
      {
        exempt.insert(id)
      }
      if model.options.fallsBackToBytes {
        for byte in UInt8.min...UInt8.max {
          guard let id = model.tokens.id(of: ByteFallback.spelling(of: byte)) else { continue }
          exempt.insert(id)
        }
      }
    }
    if let pieces = model.pieces {
      for (id, kind) in pieces.kinds.enumerated() where kind == .unused {
        exempt.insert(TokenID(id))
      }
    }
    self.exempt = exempt
  }

  /// Calls the body with each token in a range that no text was found for, and the reason.
  ///
  /// - Throws: ``TokenizerError/interrupted`` after a signal.
  func forEachObstacle(
    in ids: Range<TokenID>, _ body: (TokenID, UnreachableToken.Reason) -> Void
  ) throws(TokenizerError) {
    let encoder = tokenizer.encoders.take()
    let merger = merging.encoders.take()
    defer {
      tokenizer.encoders.giveBack(encoder)
      merging.encoders.giveBack(merger)
    }
    var output: [TokenID] = []
    for id in ids {
      if Interruption.isRequested { throw .interrupted }
      guard let slice = tokenizer.tokens.bytes(of: id), !exempt.contains(id) else { continue }
      let bytes = Array(slice)
      guard tokenizer.tokens.id(of: bytes) == id else {
        body(id, .spelling)
        continue
      }
      func gives(_ text: [UInt8]) -> Bool {
        output.removeAll(keepingCapacity: true)
        encode(text, tokenizer, encoder, into: &output)
        return output.contains(id)
      }
      let texts = texts(of: bytes)
      if texts.contains(where: gives) { continue }
      let isMerged = isMerged(id, bytes, merger, &output)
      if isMerged == false, tokenizer.model.semantics == .merges {
        body(id, .merges)
      } else if !texts.contains(where: { TokenContexts.contains($0, where: gives) }) {
        body(id, isMerged == false ? .merges : reason(bytes, &output, encoder))
      }
    }
  }

  /// Whether a token's own bytes are merged to it; nil where that says nothing, because tokens are
  /// spelled in other ways at the beginning or the end of a pre-token.
  private func isMerged(
    _ id: TokenID, _ bytes: [UInt8], _ merger: EncoderPool.Box, _ output: inout [TokenID]
  ) -> Bool? {
    let options = tokenizer.model.options
    guard options.continuingSubwordPrefix.isEmpty, options.endOfWordSuffix.isEmpty else {
      return nil
    }
    output.removeAll(keepingCapacity: true)
    encode(bytes, merging, merger, into: &output)
    return output == [id]
  }

  private func reason(
    _ bytes: [UInt8], _ output: inout [TokenID], _ encoder: EncoderPool.Box
  ) -> UnreachableToken.Reason {
    output.removeAll(keepingCapacity: true)
    encode(bytes, tokenizer, encoder, into: &output)
    let added = Set(tokenizer.addedTokens.map(\.id))
    if output.contains(where: added.contains) { return .addedTokens }
    return (try? tokenizer.steps.normalized(bytes)) == bytes ? .splitting : .normalization
  }

  /// Appends the tokens of a text; none where the tokenizer's steps make it grow too long.
  private func encode(
    _ text: [UInt8], _ tokenizer: Tokenizer, _ encoder: EncoderPool.Box, into ids: inout [TokenID]
  ) {
    let count = ids.count
    do {
      try tokenizer.encode(text.span, special: .none, with: encoder, into: &ids)
    } catch {
      ids.removeSubrange(count...)
    }
  }

  /// What a token may be spelled from: its bytes, and in a vocabulary over characters the same
  /// without prefix and suffix, and with spaces for what stands for them.
  private func texts(of bytes: [UInt8]) -> [[UInt8]] {
    guard tokenizer.model.alphabet == .characters else { return [bytes] }
    var plain = bytes
    let prefix = Array(tokenizer.model.options.continuingSubwordPrefix.utf8)
    let suffix = Array(tokenizer.model.options.endOfWordSuffix.utf8)
    if !prefix.isEmpty, plain.starts(with: prefix) { plain.removeFirst(prefix.count) }
    if !suffix.isEmpty, plain.suffix(suffix.count).elementsEqual(suffix) {
      plain.removeLast(suffix.count)
    }
    let spaced = Array(String(decoding: plain, as: UTF8.self).replacing("▁", with: " ").utf8)
    return spaced == plain ? [plain] : [spaced, plain]
  }
}

/// What is put around a token in the search for a text that encodes to it.
enum TokenContexts {
  private static let before = [
    "", " ", "a", "A", "1", "(", ".", "\n", "'", "中", "§", "\u{301}",
  ].map { Array($0.utf8) }
  /// The last ones end contractions, which some patterns keep with the word before.
  private static let after = [
    "", "a", " ", "1", ".", "\n", "A", " a", "中", "\u{301}", "s", "t", "m", "d", "re", "ve", "ll",
  ].map { Array($0.utf8) }

  /// How many bytes of text are tried for a token at most; all contexts where it is not extremely long.
  private static let sizeLimit = 1 << 18

  /// Whether something holds for a token in some context.
  static func contains(_ bytes: [UInt8], where condition: ([UInt8]) -> Bool) -> Bool {
    var left = max(8, sizeLimit / max(1, bytes.count))
    func holds(_ text: [UInt8]) -> Bool {
      left -= 1
      return condition(text)
    }
    for start in before {
      for end in after where left > 0 && holds(start + bytes + end) { return true }
    }
    let (heads, tails) = (heads(of: bytes), tails(of: bytes))
    if heads.count == 1, tails.count == 1 { return false }
    // Where both ends have to be completed, the two lists are gone through side by side.
    for index in 0..<max(heads.count, tails.count) {
      let whole = heads[index % heads.count] + bytes + tails[index % tails.count]
      for start in before where left > 0 && holds(start + whole) { return true }
    }
    return false
  }

  /// Bytes that make a character with the continuation bytes that a token begins with.
  private static func heads(of bytes: [UInt8]) -> [[UInt8]] {
    switch bytes.prefix(3).prefix(while: { $0 & 0xC0 == 0x80 }).count {
    case 0: return [[]]
    case 1:
      let middles: [UInt8] = [0x80, 0x8C, 0xA4, 0xB8]
      return (0xC2...0xDF).map { [$0] }
        + (0xE0...0xEF).flatMap { lead in middles.map { [lead, $0 | (lead == 0xE0 ? 0x20 : 0)] } }
        + [0x98, 0x8C, 0x91, 0xA4].map { [0xF0, 0x9F, $0] }
    case 2: return (0xE0...0xEF).map { [$0] } + [0x90, 0x9F, 0xA0].map { [0xF0, $0] }
    default: return (0xF0...0xF4).map { [$0] }
    }
  }

  /// Bytes that complete the character that a token ends in.
  private static func tails(of bytes: [UInt8]) -> [[UInt8]] {
    let continuations = bytes.suffix(3).reversed().prefix { $0 & 0xC0 == 0x80 }.count
    guard continuations < min(bytes.count, 3) else { return [[]] }
    let lead = bytes[bytes.count - 1 - continuations]
    let size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1
    switch size - 1 - continuations {
    case 1: return (0x80...0xBF).map { [$0] }
    case 2:
      return stride(from: UInt8(0x80), through: 0xBF, by: 4).flatMap { middle in
        stride(from: UInt8(0x80), through: 0xBF, by: 8).map { [middle, $0] }
      }
    case 3:
      return stride(from: UInt8(0x90), through: 0xBF, by: 4).flatMap { second in
        [0x80, 0x94, 0xA8].flatMap { third in [0x80, 0x99, 0xB0].map { [second, third, $0] } }
      }
    default: return [[]]
    }
  }
}
