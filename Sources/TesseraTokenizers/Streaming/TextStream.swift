/// Text that arrives in pieces of bytes and is handed on in whole characters.
///
/// A token may end inside of a character; its bytes wait for the rest. What is no UTF-8 becomes
/// U+FFFD, just as if all bytes had come at once.
public struct TextStream: Sendable {
  private var waiting: [UInt8] = []

  /// A stream of which nothing has arrived.
  public init() {}

  /// Takes a piece.
  ///
  /// - Parameter bytes: The piece.
  /// - Returns: The text that is complete with it.
  public mutating func add(_ bytes: [UInt8]) -> String {
    waiting += bytes
    let end = Self.completeSize(of: waiting.span)
    defer { waiting.removeFirst(end) }
    return String(decoding: waiting[..<end], as: UTF8.self)
  }

  /// Ends the text; the next piece begins another one.
  ///
  /// - Returns: The rest of the text.
  public mutating func finish() -> String {
    defer { waiting = [] }
    return String(decoding: waiting, as: UTF8.self)
  }

  /// How many bytes of a text do not depend on what follows: all but the beginning of a character
  /// that lacks some.
  static func completeSize(of text: Span<UInt8>) -> Int {
    // A character has four bytes at most, so only the last three can begin one that lacks some.
    for count in 1...3 where count <= text.count {
      let size =
        switch text[text.count - count] {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        case 0x80...0xBF: 0
        default: 1
        }
      if size > 0 { return size > count ? text.count - count : text.count }
    }
    return text.count
  }
}
