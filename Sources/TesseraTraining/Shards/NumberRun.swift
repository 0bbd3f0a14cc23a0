import TesseraBasics

/// Little-endian numbers without a sign in a file, read as they are asked for.
///
/// Reading copies, so that a file that shrinks meanwhile gives an error.
struct NumberRun: Sendable {
  /// The file.
  let file: InputFile
  /// Where the first number begins.
  let offset: Int
  /// The bytes of a number: 2, 4 or 8.
  let width: Int
  /// How many there are.
  let count: Int

  /// How many numbers are read at once by those who look at all of them.
  static let blockCount = 1 << 17

  /// The numbers in a range.
  func read(_ range: Range<Int>) throws(ShardError) -> [UInt64] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "the range is out of bounds")
    let bytes: [UInt8]
    do {
      bytes = try file.read(at: offset + range.lowerBound * width, count: range.count * width)
    } catch {
      throw .file(error)
    }
    let span = bytes.span
    return [UInt64](littleEndian: span, width: width, count: range.count)
  }

  /// A single number.
  func number(at index: Int) throws(ShardError) -> UInt64 {
    try read(index..<index + 1)[0]
  }

  /// Hands out blocks of the numbers in a range, with the index of the first number of each.
  func forEachBlock(
    in range: Range<Int>, _ body: (Int, [UInt64]) throws(ShardError) -> Void
  ) throws(ShardError) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, start + Self.blockCount)
      try body(start, try read(start..<end))
      start = end
    }
  }
}

extension [UInt64] {
  /// Numbers of `width` bytes each, the lowest byte first.
  fileprivate init(littleEndian bytes: Span<UInt8>, width: Int, count: Int) {
    self.init()
    reserveCapacity(count)
    var place = 0
    for _ in 0..<count {
      var number: UInt64 = 0
      for byte in 0..<width { number |= UInt64(bytes[place + byte]) << UInt64(8 * byte) }
      append(number)
      place += width
    }
  }
}
