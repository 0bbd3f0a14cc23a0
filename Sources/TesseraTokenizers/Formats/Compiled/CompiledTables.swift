internal import TesseraBasics

// Tables to and from the sections of a compiled tokenizer. Whatever a section holds is checked here
// before anything looks things up in it.

/// How many slots may be taken one after another. A good hash takes less than two hundred; more would
/// make looking things up slow.
private let clusterLimit = 1 << 12

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
    case .plain(let plain):
      set(.merges, plain.merges)
      set(.priorities, plain.priorities)
      set(plain.pairs)
      set(.joints, plain.joints?.bits ?? [])
    }
  }

  private mutating func set(_ pairs: borrowing PairTable) {
    let slotCount = 1 << Int(pairs.slotBits)
    // SAFETY: the table has so many entries, and a sixteenth of it words in its filter.
    unsafe set(.pairEntries, Array(UnsafeBufferPointer(start: pairs.entries, count: slotCount)))
    unsafe set(.pairFilter, Array(UnsafeBufferPointer(start: pairs.filter, count: slotCount / 16)))
  }

  private mutating func set(_ whole: borrowing WholeTokenTable) {
    // SAFETY: the table has so many keys and IDs.
    unsafe set(.wholeKeys, Array(UnsafeBufferPointer(start: whole.keys, count: whole.slotCount)))
    unsafe set(.wholeIDs, Array(UnsafeBufferPointer(start: whole.ids, count: whole.slotCount)))
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
    let slots = try array(.tokenSlots, of: UInt64.self)
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
    try check(.tokenSlots, slots.span, isFree: { $0 == TokenTable.freeSlot }) { slot in
      let id = Int(TokenID(truncatingIfNeeded: slot))
      return id < places.count && places[id].size > 0
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
      return .byteLevel(
        CompiledBPE(
          model, tables: tables, merges: merges, wholeTokens: try wholeTokens(of: model)))
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
    let entries = try unsafe memory(.pairEntries, of: UInt64.self)
    let filter: UnsafeMutableBufferPointer<UInt64>
    do throws(TokenizerError) {
      unsafe filter = try unsafe memory(.pairFilter, of: UInt64.self)
    } catch {
      unsafe entries.deallocate()
      throw error
    }
    // SAFETY: both have as many elements as the table needs; from here on it owns them.
    let table = unsafe PairTable(
      entries: entries.baseAddress!, filter: filter.baseAddress!, slotBits: slotBits, seed: seed)
    // A look-up ends at the farthest distance, if there is no free slot before.
    var greatest: UInt64 = 0
    let none = UInt64(PairTable.none)
    for index in entries.indices {
      let rank = unsafe entries[index] & none
      greatest = max(greatest, rank == none ? 0 : rank + 1)
    }
    guard greatest <= UInt64(rankBound) else {
      throw .malformed(
        member: CompiledSection.pairEntries.member, expected: "ranks below \(rankBound)")
    }
    return table
  }

  private func wholeTokens(of model: BPEModel) throws(TokenizerError) -> WholeTokenTable {
    let slotCount = try count(of: .wholeKeys, WholeTokenTable.Key.self)
    guard slotCount.nonzeroBitCount == 1, try count(of: .wholeIDs, TokenID.self) == slotCount else {
      throw .malformed(member: CompiledSection.wholeKeys.member, expected: "a power of two")
    }
    let keys = try unsafe memory(.wholeKeys, of: WholeTokenTable.Key.self)
    let ids: UnsafeMutableBufferPointer<TokenID>
    do throws(TokenizerError) {
      unsafe ids = try unsafe memory(.wholeIDs, of: TokenID.self)
    } catch {
      unsafe keys.deallocate()
      throw error
    }
    // SAFETY: both have as many elements as the table needs; from here on it owns them.
    let table = unsafe WholeTokenTable(
      keys: keys.baseAddress!, ids: ids.baseAddress!, slotCount: slotCount, seed: seed)
    var greatest: TokenID = 0
    // SAFETY: the table that owns the memory lives to the end of the function.
    for index in ids.indices { greatest = max(greatest, unsafe ids[index]) }
    guard Int(greatest) < max(1, model.tokens.idBound) else {
      throw .malformed(
        member: CompiledSection.wholeIDs.member, expected: "IDs below \(model.tokens.idBound)")
    }
    let span = unsafe Span(_unsafeElements: UnsafeBufferPointer(keys))
    try check(.wholeKeys, span, isFree: { $0.high == 0 }) { _ in true }
    return table
  }

  /// Sees to it that a table is a power of two, that searches in it end soon, and that what its slots
  /// hold may be there.
  @inline(__always)
  private func check<Slot>(
    _ section: CompiledSection, _ slots: Span<Slot>, isFree: (Slot) -> Bool,
    isValid: (Slot) -> Bool
  ) throws(TokenizerError) {
    if slots.isEmpty { return }
    var longest = 0
    var run = 0
    var areValid = slots.count.nonzeroBitCount == 1
    for index in slots.indices {
      let slot = slots[index]
      if isFree(slot) {
        run = 0
      } else {
        run += 1
        longest = max(longest, run)
        areValid = areValid && isValid(slot)
      }
    }
    guard areValid, run < slots.count, longest <= clusterLimit else {
      throw .malformed(member: section.member, expected: "a table of hashes with free slots")
    }
  }
}
