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

  /// Makes sure that several encodings fit into memory once what overflowed is combined.
  ///
  /// - Throws: ``TokenizerError/tooMany(of:limit:)``.
  static func checkJoinedCount(of encodings: [Encoding]) throws(TokenizerError) {
    let tokenCount = encodings.reduce(0) { $0 + $1.count }
    let combinationCount = encodings.reduce(1) {
      $0.multiplied(clampedBy: 1 + $1.overflowing.count)
    }
    try checkJoinedCount(tokenCount, combinationCount, of: encodings)
  }

  /// Makes sure that so many combinations of so many tokens fit into memory: that they are no more
  /// than a large number, or than the tokens of the texts.
  static func checkJoinedCount(
    _ tokenCount: Int, _ combinationCount: Int, of encodings: [Encoding]
  ) throws(TokenizerError) {
    let size = encodings.reduce(0) { sum, encoding in
      encoding.overflowing.reduce(sum + encoding.count) { $0 + $1.count }
    }
    let limit = max(joinedLimit, size + size / 4)
    guard tokenCount.multiplied(clampedBy: combinationCount) <= limit else {
      throw .tooMany(of: "tokens once texts and pieces of them are joined", limit: limit)
    }
  }

  /// The most tokens that are joined, pieces that overlap and are combined with one another included,
  /// unless texts have as many by themselves.
  private static let joinedLimit = 1 << 26

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

extension Int {
  /// The product with a number that is not negative, or the greatest number if that is greater.
  func multiplied(clampedBy factor: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: factor)
    return overflows ? .max : product
  }
}
