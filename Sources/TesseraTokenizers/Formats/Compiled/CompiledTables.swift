internal import TesseraBasics

// Tables to and from the sections of a compiled tokenizer. Whatever a section holds is checked here
// before anything looks things up in it.

/// The size of a block of slots of which one is free at least, so that a search ends after less than two
/// of them. A good hash takes less than two hundred slots one after another.
private let blockSize = 1 << 10

extension CompiledWriter {
  /// The sections of a table of tokens.
  mutating func set(_ tokens: TokenTable) {
    set(.tokenBytes, tokens.bytes)
    set(.tokenPlaces, tokens.places)
    set(.tokenSlots, tokens.slots)
  }

  /// The sections of the tables that encode.
  mutating func set(_ engine: BPEEngine) {
    switch engine {
    case .byteLevel(let compiled):
      let pairs = compiled.tables.view.ranksAreTokens
      set(
        .merges,
        pairs ? Array(compiled.merges.prefix(compiled.search.mergeCount + 1)) : compiled.merges)
      set(compiled.tables.pairs)
      set(compiled.wholeTokens)
      set(.joints, compiled.joints.words.elements)
    case .plain(let plain):
      set(.merges, plain.merges)
      set(.priorities, plain.priorities)
      set(plain.pairs)
      set(.joints, plain.joints?.bits ?? [])
    }
  }

  private mutating func set(_ pairs: borrowing PairTable) {
    set(.pairEntries, pairs.entries.elements)
    set(.pairFilter, pairs.filter.elements)
  }

  private mutating func set(_ whole: borrowing WholeTokenTable) {
    set(.wholeKeys, whole.keys.elements)
    set(.wholeIDs, whole.ids.elements)
  }

  /// The sections of what SentencePiece says about tokens.
  mutating func set(_ pieces: PieceAttributes) {
    set(.scores, pieces.scores)
    set(.kinds, pieces.kinds.map(\.rawValue))
  }
}

extension CompiledReader {
  /// The table of tokens.
  func tokens() throws(TokenizerError) -> TokenTable {
    let bytes = try array(.tokenBytes, of: UInt8.self)
    let places = try array(.tokenPlaces, of: TokenTable.Place.self)
    let slots = try array(.tokenSlots, of: UInt32.self)
    guard bytes.count <= Int(UInt32.max), places.count <= Int(TokenTable.maximumID) + 1 else {
      throw .tooMany(of: "tokens", limit: Int(TokenTable.maximumID) + 1)
    }
    var count = 0
    var isWithin = true
    for place in places {
      count += place.size == 0 ? 0 : 1
      isWithin =
        isWithin && Int(place.start) + Int(place.size) <= bytes.count
        && Int(place.size) <= TokenTable.maximumTokenSize
    }
    guard isWithin else {
      throw .malformed(
        member: CompiledSection.tokenPlaces.member, expected: "within the bytes of tokens")
    }
    // SAFETY: the array lives as long as the closure, which keeps no pointer.
    let (areFree, areWithin) = unsafe slots.withUnsafeBufferPointer { slots in
      (
        hasFreeSlots(slots.count) { unsafe slots[$0] == TokenTable.freeSlot },
        // An ID without a token equals no bytes.
        areBelow(UInt32(places.count), slots.count) {
          unsafe slots[$0] == TokenTable.freeSlot ? 0 : TokenTable.id(in: slots[$0])
        }
      )
    }
    guard areFree, areWithin || slots.isEmpty else {
      throw .malformed(
        member: CompiledSection.tokenSlots.member, expected: "a table of IDs with free slots")
    }
    return TokenTable(bytes: bytes, places: places, slots: slots, count: count, seed: seed)
  }

  /// The merges; tokens that they name exist.
  func merges(of tokens: TokenTable) throws(TokenizerError) -> [Merge] {
    let merges = try array(.merges, of: Merge.self)
    for (rank, merge) in merges.enumerated() {
      for id in [merge.left, merge.right, merge.result] where !tokens.contains(id) {
        throw .mergeOutOfVocabulary(rank: rank, token: "with the ID \(id)")
      }
    }
    return merges
  }

  /// What SentencePiece says about the tokens; `nil` if the file has no scores.
  func pieces(of tokens: TokenTable) throws(TokenizerError) -> PieceAttributes? {
    if size(of: .scores) == 0 { return nil }
    let scores = try array(.scores, of: Float.self)
    let numbers = try array(.kinds, of: UInt8.self)
    let kinds = numbers.compactMap(PieceAttributes.Kind.init)
    guard kinds.count == numbers.count, scores.count == kinds.count,
      kinds.count == tokens.idBound, scores.allSatisfy(\.isFinite)
    else {
      throw .malformed(
        member: CompiledSection.kinds.member, expected: "a kind and a score for each token")
    }
    return PieceAttributes(scores: scores, kinds: kinds)
  }

  /// The tables that encode.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - merges: The merges of the file.
  func engine(of model: BPEModel, _ merges: [Merge]) throws(TokenizerError) -> BPEEngine {
    if BPEEngine.isByteLevel(model) {
      let ranksAreTokens = model.semantics == .ranks
      let pairs = try pairs(rankBound: ranksAreTokens ? model.tokens.idBound : merges.count)
      let tables = MergeTables(model.tokens, pairs: pairs, merges: ranksAreTokens ? nil : merges)
      guard let joints = WideJoints(try memory(.joints, of: UInt64.self)) else {
        throw .malformed(
          member: CompiledSection.joints.member, expected: "a power of two, and 16 words")
      }
      return .byteLevel(
        CompiledBPE(
          model, tables: tables, merges: merges, joints: joints,
          wholeTokens: try wholeTokens(of: model)))
    }
    let priorities = try array(.priorities, of: UInt32.self)
    guard priorities.isEmpty || priorities.count == merges.count else {
      throw .malformed(
        member: CompiledSection.priorities.member, expected: "a number for each merge")
    }
    let joints = try array(.joints, of: UInt64.self)
    guard joints.isEmpty || joints.count == CharacterJoints.bitCount / 64 else {
      throw .malformed(
        member: CompiledSection.joints.member, expected: "\(CharacterJoints.bitCount) bits")
    }
    return .plain(
      PlainBPE(
        model,
        PlainBPE.Tables(
          merges: merges, pairs: try pairs(rankBound: merges.count), priorities: priorities,
          joints: joints)))
  }

  /// The ranks of pairs, each below a bound.
  private func pairs(rankBound: Int) throws(TokenizerError) -> PairTable {
    let slotCount = try count(of: .pairEntries, UInt64.self)
    let slotBits = UInt64(max(0, slotCount.trailingZeroBitCount))
    guard slotCount.nonzeroBitCount == 1, (PairTable.minimumSlotBits...26).contains(slotBits),
      try count(of: .pairFilter, UInt64.self) == slotCount / 16
    else {
      throw .malformed(member: CompiledSection.pairEntries.member, expected: "a power of two")
    }
    let entries = try memory(.pairEntries, of: UInt64.self)
    let filter = try memory(.pairFilter, of: UInt64.self)
    // A look-up ends at the farthest distance, if there is no free slot before. What has no rank counts
    // as zero, all others one more than they are.
    // SAFETY: there are so many entries.
    let areRanks = areBelow(UInt32(rankBound) + 1, slotCount) {
      unsafe UInt32(truncatingIfNeeded: entries.pointer[$0] &+ 1) & PairTable.none
    }
    guard areRanks else {
      throw .malformed(
        member: CompiledSection.pairEntries.member, expected: "ranks below \(rankBound)")
    }
    return PairTable(entries: entries, filter: filter, slotBits: slotBits, seed: seed)
  }

  private func wholeTokens(of model: BPEModel) throws(TokenizerError) -> WholeTokenTable {
    let slotCount = try count(of: .wholeKeys, WholeTokenTable.Key.self)
    guard slotCount.nonzeroBitCount == 1, try count(of: .wholeIDs, TokenID.self) == slotCount else {
      throw .malformed(member: CompiledSection.wholeKeys.member, expected: "a power of two")
    }
    let keys = try memory(.wholeKeys, of: WholeTokenTable.Key.self)
    let ids = try memory(.wholeIDs, of: TokenID.self)
    // SAFETY: there are so many IDs and keys.
    let areTokens = areBelow(UInt32(max(1, model.tokens.idBound)), slotCount) {
      unsafe ids.pointer[$0]
    }
    let areFree = hasFreeSlots(slotCount) { unsafe keys.pointer[$0].high == 0 }
    guard areTokens, areFree else {
      throw .malformed(
        member: CompiledSection.wholeKeys.member, expected: "a table of IDs with free slots")
    }
    return WholeTokenTable(keys: keys, ids: ids, seed: seed)
  }
}

/// Whether a table is a power of two, and has a free slot in each block, so that searches end soon.
@inline(__always)
private func hasFreeSlots(_ count: Int, _ isFree: (Int) -> Bool) -> Bool {
  if count == 0 { return true }
  guard count.nonzeroBitCount == 1 else { return false }
  let size = min(count, blockSize)
  for start in stride(from: 0, to: count, by: size) {
    var freeCount = 0
    for index in start..<start + size { freeCount += isFree(index) ? 1 : 0 }
    if freeCount == 0 { return false }
  }
  return true
}

/// Whether numbers of up to 31 bits are below a bound.
@inline(__always)
private func areBelow(_ bound: UInt32, _ count: Int, _ number: (Int) -> UInt32) -> Bool {
  // The sign of any difference stays: no branch, so that many are compared at a time.
  var signs: Int32 = 0
  let limit = Int32(bitPattern: bound) &- 1
  for index in 0..<count {
    let number = Int32(bitPattern: number(index))
    signs |= (limit &- number) | number
  }
  return signs >= 0
}
