// SentencePiece's own way to encode, step by step as its bpe_model.cc has it, over the bytes of pieces:
// the slow way that the fast one is held against, and the only one for models that have no list of
// merges.
//
// A text becomes symbols: user-defined pieces, and the characters between them. A queue holds the
// pairs that together are a piece, the greatest score first and of equal ones the leftmost. What is
// an unused piece in the end is taken apart into the two that were last seen to make it, again and
// again.

/// Merges by the scores of pieces.
struct PieceMerger: Sendable {
  private let tokens: TokenTable
  private let attributes: PieceAttributes
  private let ranks: [UInt32]
  private let userDefined: AddedTokenMatcher

  private struct Symbol {
    var range: Range<Int>
    var previous: Int
    var next: Int
    /// Whether it is user-defined.
    var isFrozen: Bool
  }

  init(_ tokens: TokenTable, _ attributes: PieceAttributes) {
    self.tokens = tokens
    self.attributes = attributes
    ranks = attributes.ranks
    userDefined = attributes.userDefined(of: tokens)
  }

  /// Calls `body` with each piece of a text and where it is; without an ID for unknown characters.
  ///
  /// - Parameters:
  ///   - text: The text, normalized.
  ///   - excluded: A piece that nothing becomes.
  ///   - body: Gets the pieces in order.
  func forEachPiece(
    of text: Span<UInt8>, excluding excluded: TokenID? = nil,
    _ body: (TokenID?, Range<Int>) -> Void
  ) {
    var symbols = symbols(of: text)
    var queue = MergeQueue()
    /// The halves of unused pieces.
    var halves: [TokenID: (Range<Int>, Range<Int>)] = [:]
    func push(_ left: Int, _ right: Int) {
      guard left >= 0, right >= 0, !symbols[left].isFrozen, !symbols[right].isFrozen else { return }
      let range = symbols[left].range.lowerBound..<symbols[right].range.upperBound
      guard let id = piece(text, range), id != excluded else { return }
      queue.push(UInt64(ranks[Int(id)]) << 32 | UInt64(left))
      if attributes.kind(of: id) == .unused {
        halves[id] = (symbols[left].range, symbols[right].range)
      }
    }
    for index in symbols.indices.dropFirst() { push(index - 1, index) }
    while let top = queue.pop() {
      let left = Int(top & 0xFFFF_FFFF)
      let right = symbols[left].next
      // The pair may be gone, or another one by now, which then has an entry of its own.
      guard !symbols[left].range.isEmpty, right >= 0, !symbols[left].isFrozen,
        !symbols[right].isFrozen
      else { continue }
      let range = symbols[left].range.lowerBound..<symbols[right].range.upperBound
      guard let id = piece(text, range), id != excluded, UInt64(ranks[Int(id)]) == top >> 32 else {
        continue
      }
      symbols[left].range = range
      symbols[right].range = range.upperBound..<range.upperBound
      let after = symbols[right].next
      symbols[left].next = after
      if after >= 0 { symbols[after].previous = left }
      push(symbols[left].previous, left)
      push(left, after)
    }
    var index = symbols.isEmpty ? -1 : 0
    while index >= 0 {
      var open = [symbols[index].range]
      while let range = open.popLast() {
        let id = tokens.id(of: text.extracting(range))
        let kind = id.map(attributes.kind) ?? .unknown
        if let id, kind == .unused, let (first, second) = halves[id] {
          // The halves may be from another place with the same bytes.
          open += [second, first]
        } else {
          body(kind == .unknown || kind == .unused ? nil : id, range)
        }
      }
      index = symbols[index].next
    }
  }

  /// The piece that a part of a text may become.
  private func piece(_ text: Span<UInt8>, _ range: Range<Int>) -> TokenID? {
    guard range.count <= TokenTable.maximumTokenSize,
      let id = tokens.id(of: text.extracting(range)), attributes.kind(of: id).isMergeable
    else { return nil }
    return id
  }

  private func symbols(of text: Span<UInt8>) -> [Symbol] {
    var symbols: [Symbol] = []
    var position = 0
    var matches = userDefined.longestMatches(in: text)
    while position < text.count {
      let size = matches.size(at: position)
      let end = position + (size > 0 ? size : UTF8Decoding.scalar(in: text, at: position).size)
      symbols.append(
        Symbol(
          range: position..<end, previous: symbols.count - 1,
          next: end < text.count ? symbols.count + 1 : -1, isFrozen: size > 0))
      position = end
    }
    return symbols
  }
}

extension PieceMerger {
  /// The merges that give the same tokens as the scores, the greatest score first; `nil` where no
  /// list of merges does.
  ///
  /// Only one pair of each piece ever becomes it: as ``RankMerges`` says of ranks, the two that its
  /// own characters come to. A list does not say what unused pieces are taken apart into, and needs
  /// a token for each character.
  func merges() -> [Merge]? {
    if attributes.kinds.contains(.unused) { return nil }
    var merges: [Merge] = []
    for id in 0..<TokenID(attributes.kinds.count) {
      guard attributes.kind(of: id) == .normal, let bytes = tokens.bytes(of: id),
        UTF8Decoding.scalar(in: bytes.span, at: 0).size < bytes.count
      else { continue }
      var parts: [TokenID?] = []
      forEachPiece(of: bytes.span, excluding: id) { part, _ in parts.append(part) }
      let kinds = parts.map { $0.map(attributes.kind) ?? .unknown }
      // Other pieces are never made.
      guard parts.count == 2, !kinds.contains(.userDefined) else { continue }
      guard kinds.allSatisfy(\.isMergeable) else { return nil }
      merges.append(Merge(left: parts[0]!, right: parts[1]!, result: id))
    }
    return merges.sorted { a, b in
      (ranks[Int(a.result)], a.result) < (ranks[Int(b.result)], b.result)
    }
  }

  /// The merges' places among all, where those of equal scores share one; empty where all differ.
  func priorities(of merges: [Merge]) -> [UInt32] {
    let priorities = merges.map { ranks[Int($0.result)] }
    let areDifferent = zip(priorities, priorities.dropFirst()).allSatisfy { $0 < $1 }
    return areDifferent ? [] : priorities
  }
}
