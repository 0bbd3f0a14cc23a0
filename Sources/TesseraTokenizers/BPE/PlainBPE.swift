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
  /// The merge of each pair of tokens: its rank above its result.
  private let merges: [UInt64: UInt64]
  /// Which pairs of characters may be side by side within a token.
  let joints: CharacterJoints?

  init(_ model: BPEModel) {
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
    let list = model.semantics == .ranks ? RankMerges.list(of: model.tokens) : model.merges
    var merges: [UInt64: UInt64] = [:]
    merges.reserveCapacity(list.count)
    for (rank, merge) in list.enumerated() {
      // Of equal pairs, the last one counts.
      merges[Self.key(merge.left, merge.right)] = UInt64(rank) << 32 | UInt64(merge.result)
    }
    self.merges = merges
    let isSimple = prefix.isEmpty && suffix.isEmpty && dropout == 0 && alphabet == .characters
    joints = isSimple ? CharacterJoints(of: model, fallback: Set(fallback.compactMap(\.self))) : nil
  }

  private static func key(_ left: TokenID, _ right: TokenID) -> UInt64 {
    UInt64(left) << 32 | UInt64(right)
  }

  /// The rank and the result of the merge of two tokens.
  @inline(__always)
  func merge(_ left: TokenID, _ right: TokenID) -> (rank: UInt32, result: TokenID)? {
    guard let found = merges[Self.key(left, right)] else { return nil }
    return (UInt32(found >> 32), TokenID(truncatingIfNeeded: found))
  }

  /// Whether a character is a token by itself.
  func isKnown(_ character: Span<UInt8>) -> Bool { tokens.id(of: character) != nil }

  /// Appends the symbols of a pre-token, before any merge.
  func appendSymbols(of preToken: Span<UInt8>, to symbols: inout [PlainSymbol]) {
    if alphabet == .bytes {
      for index in preToken.indices {
        symbols.append(PlainSymbol(id: fallback[Int(preToken[index])]!, size: 1))
      }
      return
    }
    /// The unknown characters that are not yet symbols.
    var unknownSize = 0
    var position = 0
    while position < preToken.count {
      let size = UTF8Decoding.scalar(in: preToken, at: position).size
      let end = position + size
      let character = preToken.extracting(position..<end)
      if let id = id(of: character, isFirst: position == 0, isLast: end == preToken.count) {
        if unknownSize > 0 { symbols.append(PlainSymbol(id: unknownID!, size: unknownSize)) }
        unknownSize = 0
        symbols.append(PlainSymbol(id: id, size: size))
      } else if !appendBytes(
        of: character, isFirst: position == 0, isLast: end == preToken.count, to: &symbols),
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
