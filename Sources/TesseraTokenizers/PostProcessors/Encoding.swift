/// The tokens of a text or of a pair of texts as a model takes them: with the tokens that the
/// post-processor adds, cut and filled up to a length.
///
/// All arrays have one element for each token.
public struct Encoding: Hashable, Sendable {
  /// The tokens.
  public var ids: [TokenID] = []
  /// The part of the model's input that a token belongs to, most often 0 for the first text and 1
  /// for the second.
  public var typeIDs: [UInt32] = []
  /// Which bytes of the text a token stands for; empty at 0 for one that was added.
  ///
  /// A token of a part of a character has the whole character.
  public var offsets: [Range<Int>] = []
  /// Which text a token is of, 0 or 1; `nil` for one that was added.
  public var sequenceIndices: [Int?] = []
  /// Whether a token was added around the text.
  public var isSpecial: [Bool] = []
  /// Whether a token means something, and does not just fill up.
  public var isAttended: [Bool] = []
  /// What truncation cut off, in pieces that overlap by the stride.
  public var overflowing: [Encoding] = []

  /// No tokens.
  public init() {}

  /// The number of tokens.
  public var count: Int { ids.count }

  /// One token that is added.
  init(special id: TokenID, typeID: UInt32) {
    append(id, typeID: typeID, offsets: 0..<0, sequenceIndex: nil, isSpecial: true)
  }

  /// Several encodings, one after another; what overflowed is combined, each with each.
  init(joining encodings: [Encoding]) {
    self = encodings.first ?? Encoding()
    for encoding in encodings.dropFirst() { append(encoding) }
  }

  /// How many tokens several encodings have together once what overflowed is combined, or `nil` if
  /// that is more than `limit`.
  static func joinedCount(of encodings: [Encoding], limit: Int) -> Int? {
    var count = encodings.reduce(0) { $0 + $1.count }
    for encoding in encodings {
      let (product, overflows) = count.multipliedReportingOverflow(
        by: 1 + encoding.overflowing.count)
      if overflows || product > limit { return nil }
      count = product
    }
    return count
  }

  mutating func append(
    _ id: TokenID, typeID: UInt32, offsets range: Range<Int>, sequenceIndex: Int?,
    isSpecial special: Bool = false, isAttended attended: Bool = true
  ) {
    ids.append(id)
    typeIDs.append(typeID)
    offsets.append(range)
    sequenceIndices.append(sequenceIndex)
    isSpecial.append(special)
    isAttended.append(attended)
  }

  /// A part of the tokens, without what overflowed.
  func part(_ range: Range<Int>) -> Encoding {
    var result = Encoding()
    result.append(contentsOf: self, range)
    return result
  }

  private mutating func append(contentsOf other: Encoding, _ range: Range<Int>) {
    ids += other.ids[range]
    typeIDs += other.typeIDs[range]
    offsets += other.offsets[range]
    sequenceIndices += other.sequenceIndices[range]
    isSpecial += other.isSpecial[range]
    isAttended += other.isAttended[range]
  }

  /// Gives all tokens, also those that overflowed, one type.
  mutating func setTypeID(_ typeID: UInt32) {
    typeIDs = [UInt32](repeating: typeID, count: count)
    for index in overflowing.indices { overflowing[index].setTypeID(typeID) }
  }

  /// Changes the offsets, also of what overflowed.
  mutating func mapOffsets(_ body: (Encoding) -> [Range<Int>]) {
    offsets = body(self)
    for index in overflowing.indices { overflowing[index].mapOffsets(body) }
  }

  /// Appends another encoding; what overflowed is combined, each with each.
  mutating func append(_ other: Encoding) {
    var combined: [Encoding] = []
    for mine in overflowing {
      combined.append(mine.joined(other))
      for theirs in other.overflowing { combined.append(mine.joined(theirs)) }
    }
    for theirs in other.overflowing { combined.append(joined(theirs)) }
    append(contentsOf: other, 0..<other.count)
    overflowing = combined
  }

  private func joined(_ other: Encoding) -> Encoding {
    var result = part(0..<count)
    result.append(contentsOf: other, 0..<other.count)
    return result
  }
}
