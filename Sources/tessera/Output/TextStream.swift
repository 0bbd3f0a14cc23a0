/// Text that arrives in pieces of bytes and is handed on in whole characters.
///
/// A token may end inside of a character; its bytes wait for the rest. What is no UTF-8 becomes
/// U+FFFD, just as if all bytes had come at once.
struct TextStream {
  private var waiting: [UInt8] = []

  /// Takes a piece, and returns the text that is complete with it.
  mutating func add(_ bytes: [UInt8]) -> String {
    waiting += bytes
    let end = completeCount
    defer { waiting.removeFirst(end) }
    return String(decoding: waiting[..<end], as: UTF8.self)
  }

  /// The rest, after the last piece.
  mutating func finish() -> String {
    defer { waiting = [] }
    return String(decoding: waiting, as: UTF8.self)
  }

  /// How many of the waiting bytes do not depend on what comes next.
  private var completeCount: Int {
    // A character has four bytes at most, so only the last three can begin one that lacks some.
    for count in 1...3 where count <= waiting.count {
      let size =
        switch waiting[waiting.count - count] {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        case 0x80...0xBF: 0
        default: 1
        }
      if size > 0 { return size > count ? waiting.count - count : waiting.count }
    }
    return waiting.count
  }
}
