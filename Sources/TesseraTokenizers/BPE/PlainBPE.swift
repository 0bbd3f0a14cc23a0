// BPE with every option, for what the byte-level encoder cannot do: vocabularies over characters,
// unknown tokens, prefixes and suffixes, and dropout.
//
// A pre-token becomes symbols, one for each character, and a queue holds the pairs that can be
// merged, the smallest rank first and of equal ones the leftmost. A pair that is no longer there
// when its turn comes is left out. That is O(n log n) in the number of symbols.

/// A model in the form that plain encoding reads.
final class PlainBPE: Sendable {
  let tokens: TokenTable
  let alphabet: BPEAlphabet
  let takesWholePreTokens: Bool
  let dropout: Double
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  private let fusesUnknown: Bool
  private let unknownID: TokenID?
  /// The token of each byte, if unknown characters may become them.
  private let fallback: [TokenID?]
  let merges: [Merge]
  /// From a pair to the index of its merge.
  let pairs: PairTable
  /// Which merge comes first, if that is not the one with the smaller index.
  let priorities: [UInt32]
  /// Tokens that are found before anything is merged.
  private let userDefined: AddedTokenMatcher
  /// What merges pieces for which there is no list.
  let pieceMerger: PieceMerger?
  /// Which pairs of characters may be side by side within a token.
  let joints: CharacterJoints?

  /// The tables that take long to build.
  struct Tables: ~Copyable {
    let merges: [Merge]
    let pairs: PairTable
    let priorities: [UInt32]
    /// The bits of ``CharacterJoints``; `nil` where they are still to be found, empty for none.
    let joints: [UInt64]?

    init(
      merges: [Merge], pairs: consuming PairTable, priorities: [UInt32], joints: [UInt64]?
    ) {
      self.merges = merges
      self.pairs = pairs
      self.priorities = priorities
      self.joints = joints
    }

    /// The tables of a model.
    init(_ model: BPEModel, seed: HashSeed = .process) {
      let merges = model.semantics == .ranks ? RankMerges.list(of: model.tokens) : model.merges
      var pairs = PairTable(capacity: merges.count, seed: seed)
      for (index, merge) in merges.enumerated() {
        // Of equal pairs, the last one counts.
        pairs.insert(left: merge.left, right: merge.right, rank: UInt32(index))
      }
      let priorities = model.pieces.map { PieceMerger(model.tokens, $0).priorities(of: merges) }
      self.init(merges: merges, pairs: pairs, priorities: priorities ?? [], joints: nil)
    }
  }

  convenience init(_ model: BPEModel, seed: HashSeed = .process) {
    self.init(model, Tables(model, seed: seed))
  }

  init(_ model: BPEModel, _ tables: consuming Tables) {
    tokens = model.tokens
    alphabet = model.alphabet
    dropout = model.options.dropout
    // As in tokenizers, whole pre-tokens count only without dropout.
    takesWholePreTokens = model.semantics != .merges && dropout == 0
    prefix = Array(model.options.continuingSubwordPrefix.utf8)
    suffix = Array(model.options.endOfWordSuffix.utf8)
    fusesUnknown = model.options.fusesUnknown
    unknownID = model.options.unknownToken.flatMap { [tokens] in tokens.id(of: Array($0.utf8)) }
    fallback = (UInt8.min...UInt8.max).map { [tokens] byte in
      switch model.alphabet {
      case .bytes: tokens.id(of: [byte])
      case .characters:
        model.options.fallsBackToBytes ? tokens.id(of: ByteFallback.spelling(of: byte)) : nil
      }
    }
    merges = tables.merges
    priorities = tables.priorities
    let knownJoints = tables.joints
    pairs = tables.pairs
    pieceMerger =
      merges.isEmpty ? model.pieces.map { [tokens] in PieceMerger(tokens, $0) } : nil
    userDefined = model.pieces?.userDefined(of: model.tokens) ?? AddedTokenMatcher([])
    let isSimple =
      prefix.isEmpty && suffix.isEmpty && dropout == 0 && alphabet == .characters
      && pieceMerger == nil
    let fallbackIDs = Set(fallback.compactMap(\.self))
    switch knownJoints {
    case nil: joints = isSimple ? CharacterJoints(of: model, fallback: fallbackIDs) : nil
    case let bits?:
      joints = bits.isEmpty ? nil : CharacterJoints(bits, of: model, fallback: fallbackIDs)
    }
  }

  /// The rank and the result of the merge of two tokens.
  @inline(__always)
  func merge(_ left: TokenID, _ right: TokenID) -> (rank: UInt32, result: TokenID)? {
    let index = pairs.view.rank(left, right)
    if index == PairTable.none { return nil }
    return (priorities.isEmpty ? index : priorities[Int(index)], merges[Int(index)].result)
  }

  /// Whether a character is a token by itself.
  func isKnown(_ character: Span<UInt8>) -> Bool { tokens.id(of: character) != nil }

  /// Appends the symbols of a pre-token, or of a part of one, before any merge.
  ///
  /// - Parameters:
  ///   - preToken: The text.
  ///   - starts: Whether the pre-token starts with it.
  ///   - ends: Whether the pre-token ends with it.
  ///   - symbols: What is appended to.
  func appendSymbols(
    of preToken: Span<UInt8>, starts: Bool, ends: Bool, to symbols: inout [PlainSymbol]
  ) {
    if alphabet == .bytes {
      for index in preToken.indices {
        symbols.append(PlainSymbol(id: fallback[Int(preToken[index])]!, size: 1))
      }
      return
    }
    /// The unknown characters that are not yet symbols.
    var unknownSize = 0
    var position = 0
    var matches = userDefined.longestMatches(in: preToken)
    while position < preToken.count {
      let symbolSize = matches.size(at: position)
      if symbolSize > 0 {
        let end = position + symbolSize
        if unknownSize > 0 { symbols.append(PlainSymbol(id: unknownID!, size: unknownSize)) }
        unknownSize = 0
        let id = tokens.id(of: preToken.extracting(position..<end))!
        symbols.append(PlainSymbol(id: id, size: symbolSize))
        position = end
        continue
      }
      let size = UTF8Decoding.scalar(in: preToken, at: position).size
      let end = position + size
      let character = preToken.extracting(position..<end)
      let isFirst = starts && position == 0
      let isLast = ends && end == preToken.count
      if let id = id(of: character, isFirst: isFirst, isLast: isLast) {
        if unknownSize > 0 { symbols.append(PlainSymbol(id: unknownID!, size: unknownSize)) }
        unknownSize = 0
        symbols.append(PlainSymbol(id: id, size: size))
      } else if !appendBytes(of: character, isFirst: isFirst, isLast: isLast, to: &symbols),
        let unknownID
      {
        if unknownSize > 0, !fusesUnknown {
          symbols.append(PlainSymbol(id: unknownID, size: unknownSize))
          unknownSize = 0
        }
        unknownSize += size
      }
      position = end
    }
    if unknownSize > 0 { symbols.append(PlainSymbol(id: unknownID!, size: unknownSize)) }
  }

  private func id(of character: Span<UInt8>, isFirst: Bool, isLast: Bool) -> TokenID? {
    let takesPrefix = !isFirst && !prefix.isEmpty
    let takesSuffix = isLast && !suffix.isEmpty
    if !takesPrefix && !takesSuffix { return tokens.id(of: character) }
    return tokens.id(of: spelling(of: character, isFirst: isFirst, isLast: isLast))
  }

  private func spelling(of character: Span<UInt8>, isFirst: Bool, isLast: Bool) -> [UInt8] {
    var result = isFirst ? [] : prefix
    for index in character.indices { result.append(character[index]) }
    return isLast ? result + suffix : result
  }

  /// Appends the tokens of a character's bytes, those of prefix and suffix as well, if there are
  /// all of them.
  private func appendBytes(
    of character: Span<UInt8>, isFirst: Bool, isLast: Bool, to symbols: inout [PlainSymbol]
  ) -> Bool {
    let bytes = spelling(of: character, isFirst: isFirst, isLast: isLast)
    guard bytes.allSatisfy({ fallback[Int($0)] != nil }) else { return false }
    for byte in bytes { symbols.append(PlainSymbol(id: fallback[Int(byte)]!, size: 1)) }
    return true
  }
}

extension PlainBPE {
  /// Calls `body` with each token of a text that is merged by the scores of pieces, and the number of
  /// bytes that it covers. Unknown characters become bytes, or are fused.
  func forEachToken(
    of text: Span<UInt8>, mergedBy merger: PieceMerger, _ body: (TokenID, Int) -> Void
  ) {
    var unknownSize = 0
    func endUnknown() {
      if unknownSize > 0, let unknownID { body(unknownID, unknownSize) }
      unknownSize = 0
    }
    merger.forEachPiece(of: text) { id, range in
      if let id {
        endUnknown()
        return body(id, range.count)
      }
      let bytes = range.map { fallback[Int(text[$0])] }
      if bytes.allSatisfy({ $0 != nil }) {
        for byte in bytes { body(byte!, 1) }
      } else {
        unknownSize += range.count
      }
    }
    endUnknown()
  }
}

/// A token of a pre-token on its way, in a list that is linked in both directions.
struct PlainSymbol {
  var id: TokenID
  /// How many bytes of the pre-token it covers; 0 once it is part of the one before.
  ///
  /// What prefixes and suffixes add counts as well where it becomes bytes.
  var size: Int
  var previous = -1
  var next = -1

  init(id: TokenID, size: Int) {
    self.id = id
    self.size = size
  }
}
