import TesseraBasics

/// The tokens of shards of our own format, one shard after the other, where they are in their files.
///
/// The system keeps in memory what is read often, and drops the rest when it needs room, so a corpus may be
/// larger than the memory.
@safe
struct MappedTokens: Sendable {
  /// The tokens of a shard.
  private struct Segment: Sendable {
    let file: MappedFile
    /// The position of its first token among all of them.
    let start: Int
    let count: Int
  }

  /// The bytes of a token: 2 or 4.
  let bytesPerToken: Int
  /// The number of tokens.
  private(set) var count = 0
  private var segments: [Segment] = []

  init(bytesPerToken: Int) {
    precondition(bytesPerToken == 2 || bytesPerToken == 4, "tokens have 2 or 4 bytes")
    self.bytesPerToken = bytesPerToken
  }

  /// Appends the tokens of a shard.
  ///
  /// - Precondition: The file has a header and so many tokens.
  mutating func append(_ file: MappedFile, tokenCount: Int) {
    let room = unsafe file.bytes.count - TesseraShardHeader.size
    precondition(
      tokenCount >= 0 && tokenCount <= room / bytesPerToken, "the file has no room for the tokens")
    if tokenCount == 0 { return }
    segments.append(Segment(file: file, start: count, count: tokenCount))
    count += tokenCount
  }

  /// The token at a position.
  subscript(position: Int) -> UInt32 {
    precondition((0..<count).contains(position), "the position is out of range")
    let segment = segments[index(of: position)]
    return token(position - segment.start, of: segment)
  }

  /// Writes the tokens in a range into `output` from `offset` on.
  ///
  /// - Precondition: The range lies within the tokens, and its image within `output`.
  func copy(_ range: Range<Int>, into output: inout [Int32], at offset: Int) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "the range is out of bounds")
    if range.isEmpty { return }
    var index = index(of: range.lowerBound)
    var position = range.lowerBound
    var place = offset
    while position < range.upperBound {
      let segment = segments[index]
      let end = min(range.upperBound, segment.start + segment.count)
      for number in position - segment.start..<end - segment.start {
        output[place] = Int32(bitPattern: token(number, of: segment))
        place += 1
      }
      position = end
      index += 1
    }
  }

  /// Adds the tokens to a hash, as the same ones in memory do.
  func update(_ hash: inout SHA256) {
    for segment in segments {
      let start = TesseraShardHeader.size
      let end = start + segment.count * bytesPerToken
      // SAFETY: `append` saw to it that the file has so many bytes, and the segment keeps it mapped.
      unsafe hash.update(UnsafeRawBufferPointer(rebasing: segment.file.bytes[start..<end]))
    }
  }

  /// The segment that a position lies in.
  private func index(of position: Int) -> Int {
    var low = 0
    var high = segments.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if segments[middle].start <= position { low = middle } else { high = middle }
    }
    return low
  }

  @inline(__always)
  private func token(_ number: Int, of segment: Segment) -> UInt32 {
    let place = TesseraShardHeader.size + number * bytesPerToken
    // SAFETY: `number` is below the segment's count, for which `append` saw that the file has the bytes;
    // the segment keeps the file mapped.
    if bytesPerToken == 2 {
      return UInt32(
        UInt16(
          littleEndian: unsafe segment.file.bytes.loadUnaligned(
            fromByteOffset: place, as: UInt16.self)))
    }
    return UInt32(
      littleEndian: unsafe segment.file.bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }
}
