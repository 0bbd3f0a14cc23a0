/// The classes of a code point that pre-tokenizer patterns ask for, as one byte of flags.
///
/// The tables are those of Unicode 16.0 and are part of the library: the classes that ICU, the
/// operating system and Swift's standard library know depend on their versions, and a vocabulary
/// is tied to the classes it was trained with.
package struct CharacterClass: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Lu, Lt, and the letters without case, Lm and Lo.
  package static let upper = CharacterClass(rawValue: 1)
  /// Ll, and the letters without case, Lm and Lo.
  package static let lower = CharacterClass(rawValue: 2)
  /// M.
  package static let mark = CharacterClass(rawValue: 4)
  /// N.
  package static let number = CharacterClass(rawValue: 8)
  /// White_Space.
  package static let whitespace = CharacterClass(rawValue: 16)
  /// Carriage return and line feed; both are also ``whitespace``.
  package static let newline = CharacterClass(rawValue: 32)
  /// P.
  package static let punctuation = CharacterClass(rawValue: 64)
  /// S.
  package static let symbol = CharacterClass(rawValue: 128)

  /// L, every letter.
  package static let letter: CharacterClass = [.upper, .lower]
}

/// The class of every code point, in two levels: pages of 128 code points, equal ones shared.
///
/// The table is made once from ``unicodeClassRanges`` and lives as long as the program.
@safe
package struct CharacterClassTable: Sendable {
  /// For each page of 128 code points, where its classes begin in ``classes``.
  nonisolated(unsafe) let pages: UnsafePointer<UInt16>
  /// The classes of the pages; the first 128 are those of ASCII.
  nonisolated(unsafe) let classes: UnsafePointer<UInt8>

  static let pageSize = 128
  static let pageCount = 0x110000 / pageSize

  /// The table that everything shares.
  package static let shared = CharacterClassTable()

  private init() {
    var pageStarts = [UInt16](repeating: 0, count: Self.pageCount)
    var blocks: [UInt8] = []
    var known: [[UInt8]: UInt16] = [:]
    var range = 0
    for page in 0..<Self.pageCount {
      var block = [UInt8](repeating: 0, count: Self.pageSize)
      for offset in 0..<Self.pageSize {
        let code = UInt32(page * Self.pageSize + offset)
        while range + 1 < unicodeClassRanges.count && unicodeClassRanges[range + 1] >> 8 <= code {
          range += 1
        }
        block[offset] = UInt8(truncatingIfNeeded: unicodeClassRanges[range])
        // A page inside one range is uniform; most are, and skipping ahead keeps this quick.
        if offset == 0
          && (range + 1 == unicodeClassRanges.count
            || unicodeClassRanges[range + 1] >> 8 >= code + UInt32(Self.pageSize))
        {
          block = [UInt8](repeating: block[0], count: Self.pageSize)
          break
        }
      }
      if let start = known[block] {
        pageStarts[page] = start
      } else {
        let start = UInt16(blocks.count)
        known[block] = start
        pageStarts[page] = start
        blocks += block
      }
    }
    let pages = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: pageStarts.count)
    let classes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: blocks.count)
    // SAFETY: both buffers are fully initialized here and never written or freed afterwards.
    _ = unsafe pages.initialize(from: pageStarts)
    _ = unsafe classes.initialize(from: blocks)
    unsafe self.pages = UnsafePointer(pages.baseAddress!)
    unsafe self.classes = UnsafePointer(classes.baseAddress!)
  }

  /// The class of a code point.
  ///
  /// - Precondition: `code` is less than 0x110000.
  package subscript(code: UInt32) -> CharacterClass {
    precondition(code < 0x110000, "not a code point")
    // SAFETY: `code >> 7` is below `pageCount`, and every page start leaves a whole page.
    return unsafe CharacterClass(
      rawValue: classes[Int(pages[Int(code >> 7)]) + Int(code & 127)])
  }

  /// The class of the character that begins at `position`, and how many bytes it has.
  ///
  /// A byte that begins no well-formed UTF-8 sequence (wrong lead, missing or wrong continuation,
  /// overlong, surrogate, above U+10FFFF) is a character of its own without any class.
  ///
  /// - Precondition: `position < end`, and `bytes[position..<end]` can be read.
  @inline(__always)
  @unsafe
  func character(
    in bytes: UnsafePointer<UInt8>, at position: Int, end: Int
  ) -> (class: UInt8, size: Int) {
    // SAFETY: the caller vouches for `bytes`; ASCII is the first page of `classes`.
    let first = unsafe bytes[position]
    if first < 0x80 { return (unsafe classes[Int(first)], 1) }
    return unsafe multibyteCharacter(in: bytes, at: position, end: end)
  }

  @inline(__always)
  @unsafe
  private func multibyteCharacter(
    in bytes: UnsafePointer<UInt8>, at position: Int, end: Int
  ) -> (class: UInt8, size: Int) {
    // SAFETY: every read is at an index checked against `end`, and a decoded scalar is below
    // 0x110000 because of the checks on the first two bytes.
    let first = unsafe UInt32(bytes[position])
    let available = end - position
    if first < 0xE0 {
      guard first >= 0xC2, available >= 2 else { return (0, 1) }
      let second = unsafe UInt32(bytes[position + 1])
      guard second & 0xC0 == 0x80 else { return (0, 1) }
      return unsafe (lookUp((first & 0x1F) << 6 | second & 0x3F), 2)
    }
    if first < 0xF0 {
      guard available >= 3 else { return (0, 1) }
      let second = unsafe UInt32(bytes[position + 1])
      let third = unsafe UInt32(bytes[position + 2])
      guard second & 0xC0 == 0x80, third & 0xC0 == 0x80 else { return (0, 1) }
      let code = (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
      guard code >= 0x800, code & 0xF800 != 0xD800 else { return (0, 1) }
      return unsafe (lookUp(code), 3)
    }
    guard first < 0xF5, available >= 4 else { return (0, 1) }
    let second = unsafe UInt32(bytes[position + 1])
    let third = unsafe UInt32(bytes[position + 2])
    let fourth = unsafe UInt32(bytes[position + 3])
    guard second & 0xC0 == 0x80, third & 0xC0 == 0x80, fourth & 0xC0 == 0x80 else {
      return (0, 1)
    }
    let code =
      (first & 0x07) << 18 | (second & 0x3F) << 12 | (third & 0x3F) << 6 | fourth & 0x3F
    guard code >= 0x10000, code < 0x110000 else { return (0, 1) }
    return unsafe (lookUp(code), 4)
  }

  @inline(__always)
  @unsafe
  private func lookUp(_ code: UInt32) -> UInt8 {
    unsafe classes[Int(pages[Int(code >> 7)]) + Int(code & 127)]
  }
}
