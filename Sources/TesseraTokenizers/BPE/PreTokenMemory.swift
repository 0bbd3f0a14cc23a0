/// A cache as one encoder sees it.
struct PreTokenMemory: ~Copyable {
  private let cache: PreTokenCache
  private var tables: PreTokenCache.Tables
  /// The short table for the inner loop; any change of ``generation`` ends its validity.
  private(set) var shortView: ShortPreTokens.View
  private let seed: HashSeed
  /// How many entries and words may be written without asking.
  private var shortRoom = 0
  private var longRoom = 0
  private var wordRoom = 0..<0

  /// The longest pre-token that is remembered. Longer ones seldom come again.
  static let longSize = 48

  init(_ cache: PreTokenCache) {
    self.cache = cache
    tables = cache.current
    shortView = tables.short.view
    seed = tables.short.seed
  }

  /// Changes whenever slots from before have lost their meaning.
  var generation: Int { tables.generation }

  /// Goes over to the latest tables.
  @inline(__always)
  mutating func update() {
    if cache.latestGeneration != tables.generation { use(cache.current) }
  }

  @inline(never)
  private mutating func use(_ new: PreTokenCache.Tables) {
    if new.short !== tables.short { shortRoom = 0 }
    if new.long !== tables.long { longRoom = 0 }
    if new.words !== tables.words { wordRoom = 0..<0 }
    tables = new
    shortView = new.short.view
  }

  private mutating func replace(_ full: PreTokenCache.Part) {
    use(cache.replaced(full, of: tables))
  }

  // MARK: Short pre-tokens

  /// Remembers the tokens of a short pre-token.
  @unsafe
  mutating func insert(
    low: UInt64, high: UInt64, _ tokens: UnsafeBufferPointer<TokenID>
  ) {
    var entry = ShortPreTokens.Entry(
      low: low, high: high, first: 0, second: 0, third: 0, count: UInt32(tokens.count))
    if tokens.count > 3 {
      guard let start = takeWords(tokens.count, makingRoom: .short) else { return }
      unsafe tables.words.write(tokens, at: start)
      entry.first = UInt32(start)
    } else {
      makeRoom(.short)
      // SAFETY: there are as many.
      if tokens.count > 0 { entry.first = unsafe tokens[0] }
      if tokens.count > 1 { entry.second = unsafe tokens[1] }
      if tokens.count > 2 { entry.third = unsafe tokens[2] }
    }
    shortRoom -= 1
    shortView.insert(entry)
  }

  /// The tokens of a short pre-token that has more than three.
  @unsafe
  func tokens(of entry: ShortPreTokens.Entry) -> UnsafeBufferPointer<TokenID> {
    // SAFETY: such entries begin where as many tokens follow in the list.
    unsafe tables.words.words(from: entry.first, count: Int(entry.count))
  }

  // MARK: Long pre-tokens

  /// The hash of a long pre-token.
  @unsafe
  func hash(_ preToken: UnsafeRawBufferPointer) -> UInt64 {
    unsafe LongPreTokens.hash(preToken, seed)
  }

  /// Has the slot fetched where the search for a hash begins.
  @inline(__always)
  func prefetch(hash: UInt64) { tables.long.prefetch(hash: hash) }

  /// The tokens of a long pre-token, or `nil` if it is not known.
  @unsafe
  func find(_ preToken: UnsafeRawBufferPointer, hash: UInt64) -> UnsafeBufferPointer<TokenID>? {
    unsafe tables.long.find(preToken, hash: hash, in: tables.words)
  }

  /// Remembers the tokens of a long pre-token.
  @unsafe
  mutating func insert(
    _ preToken: UnsafeRawBufferPointer, hash: UInt64, _ tokens: UnsafeBufferPointer<TokenID>
  ) {
    let wordCount = tokens.count + PreTokenWords.words(for: preToken.count)
    guard let start = takeWords(wordCount, makingRoom: .long) else { return }
    unsafe tables.words.write(tokens, at: start)
    unsafe tables.words.write(bytes: preToken, at: start + tokens.count)
    longRoom -= 1
    tables.long.insert(
      LongPreTokens.Entry(
        hash: hash, start: UInt32(start), tokenCount: UInt16(tokens.count),
        size: UInt16(preToken.count)))
  }

  // MARK: Room

  /// Makes room for one more entry of a table.
  @inline(__always)
  private mutating func makeRoom(_ part: PreTokenCache.Part) {
    if (part == .short ? shortRoom : longRoom) == 0 { takeRoom(part) }
  }

  @inline(never)
  private mutating func takeRoom(_ part: PreTokenCache.Part) {
    while true {
      let room = part == .short ? tables.short.takeRoom() : tables.long.takeRoom()
      if room == 0 {
        replace(part)
        continue
      }
      if part == .short { shortRoom = room } else { longRoom = room }
      return
    }
  }

  /// Where so many words can be written, together with room for an entry; `nil` if there are never
  /// as many.
  private mutating func takeWords(_ count: Int, makingRoom part: PreTokenCache.Part) -> Int? {
    // What is replaced for the one makes the other void.
    while true {
      makeRoom(part)
      if wordRoom.count >= count { break }
      if let taken = tables.words.take(count) {
        wordRoom = taken
        break
      }
      if count > cache.limits.listLimit / 2 { return nil }
      replace(.words)
    }
    let start = wordRoom.lowerBound
    wordRoom = start + count..<wordRoom.upperBound
    return start
  }
}
