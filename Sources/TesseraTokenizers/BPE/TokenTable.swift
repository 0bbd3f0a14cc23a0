/// A token's number: its index in the vocabulary, and its row in a model's matrices.
public typealias TokenID = UInt32

/// The byte strings of a vocabulary: from ID to bytes, and from bytes to ID.
///
/// IDs need not be consecutive. All bytes lie in one array, and the way back is an open-addressing
/// hash table of IDs, so a vocabulary of 200,000 tokens takes a few allocations.
public struct TokenTable: Sendable {
  /// The largest ID that is accepted: IDs fit in 24 bits, and one more stands for none.
  public static let maximumID: TokenID = 1 << 24 - 2
  /// The most bytes that a token may have.
  public static let maximumTokenSize = 1 << 16

  /// The bytes of all tokens, in order of insertion.
  var bytes: [UInt8] = []
  /// For each ID, where its bytes begin in `bytes`, and how many it has: 0 where it has no token.
  var places: [Place] = []
  /// An ID of 24 bits below the upper 8 bits of its hash, at the hash of its bytes and linearly beyond.
  var slots: [UInt32] = []
  /// What the hashes begin with.
  private(set) var seed = HashSeed.process

  struct Place {
    var start: UInt32 = 0
    var size: UInt32 = 0
    var range: Range<Int> { Int(start)..<Int(start) + Int(size) }
  }

  /// What a slot holds that holds nothing; no ID has all bits set.
  static let freeSlot = UInt32.max
  private static let idMask: UInt32 = 1 << 24 - 1

  /// The number of tokens.
  public private(set) var count = 0
  /// The number of tokens that only their ID finds.
  private var hiddenCount = 0

  /// The tokens that their bytes find, in order of their IDs.
  func forEachFound(_ body: (TokenID, ArraySlice<UInt8>) -> Void) {
    for id in 0..<TokenID(idBound) {
      guard let bytes = bytes(of: id), hiddenCount == 0 || self.id(of: bytes) == id else {
        continue
      }
      body(id, bytes)
    }
  }

  /// An empty table.
  public init() {}

  /// A table out of its parts, which are what they must be.
  init(
    bytes: [UInt8], places: [Place], slots: [UInt32], count: Int, seed: HashSeed
  ) {
    self.bytes = bytes
    self.places = places
    self.slots = slots
    self.count = count
    hiddenCount = count - slots.count { $0 != Self.freeSlot }
    self.seed = seed
  }

  /// The same table with hashes that begin with something else, in slots that do not depend on how the
  /// table came to be.
  func rehashed(with seed: HashSeed) -> TokenTable {
    var result = self
    result.seed = seed
    result.slots.sort { Self.id(in: $0) < Self.id(in: $1) }
    result.rehash(slotCount: count * 2)
    return result
  }

  /// A table of consecutive IDs from 0.
  ///
  /// - Throws: ``TokenizerError/duplicateToken(_:first:second:)``,
  ///   ``TokenizerError/emptyToken(_:)`` and ``TokenizerError/tokenTooLong(_:size:limit:)``.
  public init(_ tokens: some Sequence<[UInt8]>) throws(TokenizerError) {
    for (id, token) in tokens.enumerated() {
      try insert(token.span, id: TokenID(truncatingIfNeeded: id))
    }
  }

  /// The smallest number that is greater than every ID.
  public var idBound: Int { places.count }

  /// Makes room for this many tokens.
  public mutating func reserveCapacity(_ capacity: Int, bytes byteCapacity: Int = 0) {
    places.reserveCapacity(capacity)
    bytes.reserveCapacity(byteCapacity)
    if capacity * 2 > slots.count { rehash(slotCount: capacity * 2) }
  }

  /// Whether an ID has a token.
  public func contains(_ id: TokenID) -> Bool {
    Int(id) < places.count && places[Int(id)].size != 0
  }

  /// The number of bytes of a token; 0 where the ID has none.
  public func size(of id: TokenID) -> Int {
    Int(id) < places.count ? Int(places[Int(id)].size) : 0
  }

  /// The bytes of a token, or `nil` where the ID has none.
  public func bytes(of id: TokenID) -> ArraySlice<UInt8>? {
    guard contains(id) else { return nil }
    return bytes[places[Int(id)].range]
  }

  /// Appends the bytes of a token to an array.
  ///
  /// - Returns: Whether the ID has a token.
  @discardableResult
  public func appendBytes(of id: TokenID, to output: inout [UInt8]) -> Bool {
    guard contains(id) else { return false }
    output.append(contentsOf: bytes[places[Int(id)].range])
    return true
  }

  /// The ID of a byte string, or `nil` if it is no token.
  public func id(of token: Span<UInt8>) -> TokenID? {
    guard !slots.isEmpty, !token.isEmpty else { return nil }
    let slot = slots[slotIndex(of: token, hash: byteHash(token, seed))]
    return slot == Self.freeSlot ? nil : Self.id(in: slot)
  }

  /// The ID in a slot that is not free.
  static func id(in slot: UInt32) -> TokenID { slot & idMask }

  /// Whether a token has these bytes.
  func holds(_ token: Span<UInt8>, at id: TokenID) -> Bool {
    contains(id) && equals(token, id: id)
  }

  /// The ID of a byte string, or `nil` if it is no token.
  public func id(of token: [UInt8]) -> TokenID? { id(of: token.span) }

  /// The ID of a byte string, or `nil` if it is no token.
  public func id(of token: ArraySlice<UInt8>) -> TokenID? { id(of: token.span) }

  /// The ID of the bytes of one token followed by those of another, or `nil` if it is no token.
  public func id(joining left: TokenID, _ right: TokenID) -> TokenID? {
    var joined: [UInt8] = []
    guard appendBytes(of: left, to: &joined), appendBytes(of: right, to: &joined) else {
      return nil
    }
    return id(of: joined)
  }

  /// Whether the bytes of a token are those of one token followed by those of another.
  func isConcatenation(_ id: TokenID, of left: TokenID, _ right: TokenID) -> Bool {
    guard let whole = bytes(of: id), let first = bytes(of: left), let last = bytes(of: right) else {
      return false
    }
    return whole.count == first.count + last.count && whole.starts(with: first)
      && whole.suffix(last.count).elementsEqual(last)
  }

  /// Adds a token that can be found by its bytes.
  ///
  /// - Throws: ``TokenizerError/duplicateToken(_:first:second:)`` if the bytes have an ID,
  ///   ``TokenizerError/duplicateID(_:first:second:)`` if the ID has bytes, and
  ///   ``TokenizerError/emptyToken(_:)``, ``TokenizerError/idTooLarge(_:limit:)`` or
  ///   ``TokenizerError/tokenTooLong(_:size:limit:)``.
  public mutating func insert(_ token: Span<UInt8>, id: TokenID) throws(TokenizerError) {
    try check(token, id: id)
    if (count + 1) * 2 > slots.count { rehash(slotCount: max(16, (count + 1) * 4)) }
    let hash = byteHash(token, seed)
    let slot = slotIndex(of: token, hash: hash)
    guard slots[slot] == Self.freeSlot else {
      let first = Self.id(in: slots[slot])
      throw .duplicateToken(TokenizerError.text(of: token), first: first, second: id)
    }
    store(token, id: id)
    slots[slot] = Self.slot(id, hash: hash)
  }

  /// Adds a token that can be found by its bytes.
  public mutating func insert(_ token: [UInt8], id: TokenID) throws(TokenizerError) {
    try insert(token.span, id: id)
  }

  /// Adds a token that only its ID finds: no sequence of bytes is encoded as it.
  ///
  /// - Throws: As ``insert(_:id:)-(Span<UInt8>,_)`` does, save for equal bytes, which are allowed.
  public mutating func insertHidden(_ token: Span<UInt8>, id: TokenID) throws(TokenizerError) {
    try check(token, id: id)
    store(token, id: id)
    hiddenCount += 1
  }

  private func check(_ token: Span<UInt8>, id: TokenID) throws(TokenizerError) {
    guard id <= Self.maximumID else { throw .idTooLarge(Int(id), limit: Int(Self.maximumID)) }
    guard !token.isEmpty else { throw .emptyToken(id) }
    guard token.count <= Self.maximumTokenSize else {
      throw .tokenTooLong(id, size: token.count, limit: Self.maximumTokenSize)
    }
    if let present = bytes(of: id) {
      throw .duplicateID(
        id, first: TokenizerError.text(of: present.span), second: TokenizerError.text(of: token))
    }
    guard bytes.count + token.count <= Int(UInt32.max) else {
      throw .tokenTooLong(id, size: token.count, limit: Int(UInt32.max) - bytes.count)
    }
  }

  private mutating func store(_ token: Span<UInt8>, id: TokenID) {
    if Int(id) >= places.count {
      places.append(contentsOf: repeatElement(Place(), count: Int(id) + 1 - places.count))
    }
    places[Int(id)] = Place(start: UInt32(bytes.count), size: UInt32(token.count))
    // SAFETY: the buffer is the span's memory, used inside the closure alone.
    unsafe token.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    count += 1
  }

  private static func slot(_ id: TokenID, hash: UInt64) -> UInt32 {
    UInt32(hash >> 32) & ~idMask | id
  }

  /// Where a byte string is, or where it would go. There is always a free slot.
  private func slotIndex(of token: Span<UInt8>, hash: UInt64) -> Int {
    let mask = slots.count - 1
    let tag = Self.slot(0, hash: hash)
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = slots[index]
      if slot == Self.freeSlot { return index }
      if slot & ~Self.idMask == tag, equals(token, id: Self.id(in: slot)) { return index }
      index = (index + 1) & mask
    }
  }

  private func equals(_ token: Span<UInt8>, id: TokenID) -> Bool {
    let range = places[Int(id)].range
    guard range.count == token.count else { return false }
    for index in token.indices where bytes[range.lowerBound + index] != token[index] {
      return false
    }
    return true
  }

  private mutating func rehash(slotCount: Int) {
    var capacity = 16
    while capacity < slotCount { capacity *= 2 }
    let known = slots.filter { $0 != Self.freeSlot }
    slots = [UInt32](repeating: Self.freeSlot, count: capacity)
    let mask = capacity - 1
    for slot in known {
      let id = Self.id(in: slot)
      let hash = byteHash(bytes[places[Int(id)].range].span, seed)
      var index = Int(truncatingIfNeeded: hash) & mask
      while slots[index] != Self.freeSlot { index = (index + 1) & mask }
      slots[index] = Self.slot(id, hash: hash)
    }
  }
}

/// A hash of a byte string: eight bytes at a time, multiplied and folded.
///
/// It depends on the seed: see ``HashSeed``.
func byteHash(_ bytes: Span<UInt8>, _ seed: HashSeed) -> UInt64 {
  let raw = unsafe bytes.bytes
  let count = raw.byteCount
  var hash = UInt64(count)
  // SAFETY: every load is within the span: the last one ends where the span ends.
  if count >= 8 {
    var offset = 0
    while offset + 8 < count {
      let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
      hash = seed.hash(hash ^ word, UInt64(count))
      offset += 8
    }
    let last = unsafe raw.unsafeLoadUnaligned(
      fromUncheckedByteOffset: count - 8, as: UInt64.self)
    return seed.hash(hash ^ last, UInt64(count))
  }
  if count >= 4 {
    let first = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self)
    let last = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: count - 4, as: UInt32.self)
    return seed.hash(UInt64(first) << 32 | UInt64(last), UInt64(count))
  }
  if count == 0 { return seed.hash(0, 0) }
  // One to three bytes: the first, the middle and the last one.
  let word = UInt64(bytes[0]) << 16 | UInt64(bytes[count / 2]) << 8 | UInt64(bytes[count - 1])
  return seed.hash(word, UInt64(count))
}
