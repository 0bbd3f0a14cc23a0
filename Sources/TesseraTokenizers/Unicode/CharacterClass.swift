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

/// A byte for every code point, in two levels: pages of 128 code points, equal ones shared.
@safe
package struct CharacterClassTable: Sendable {
  /// For each page of 128 code points, the number of its page in ``classes``.
  nonisolated(unsafe) let pages: UnsafePointer<UInt16>
  /// The classes of the pages; the first 128 are those of ASCII.
  nonisolated(unsafe) let classes: UnsafePointer<UInt8>
  /// The class of a byte that belongs to no well-formed sequence.
  let illFormed: UInt8

  static let pageSize = 128
  static let pageCount = 0x110000 / pageSize

  /// The classes of Unicode, ``CharacterClass``; it lives as long as the program.
  package static let shared = CharacterClassTable(ranges: unicodeRanges { found, _ in found })

  /// Ranges of equal classes, as a family of patterns sees them.
  ///
  /// - Parameters:
  ///   - boundaries: Code points other than those where classes change at which `adapt` may.
  ///   - adapt: Gets the class of a range and its first code point, and returns what it is to be.
  static func unicodeRanges(
    boundaries: [UInt32] = [], _ adapt: (CharacterClass, UInt32) -> CharacterClass
  ) -> [(first: UInt32, value: UInt8)] {
    let whitespace = CodePointSet.whitespace
    let newlines = CodePointSet([0x0A...0x0A, 0x0D...0x0D])
    let cuts =
      unicodeCategoryRanges.map { $0 >> 8 } + whitespace.boundaries + newlines.boundaries
      + boundaries
    var range = 0
    var result: [(first: UInt32, value: UInt8)] = []
    for code in Set(cuts).sorted() {
      while range + 1 < unicodeCategoryRanges.count,
        unicodeCategoryRanges[range + 1] >> 8 <= code
      {
        range += 1
      }
      let category = GeneralCategory(
        rawValue: UInt8(truncatingIfNeeded: unicodeCategoryRanges[range]))
      var found = category?.characterClass ?? []
      if whitespace.contains(code) { found.insert(.whitespace) }
      if newlines.contains(code) { found.insert(.newline) }
      let value = adapt(found, code).rawValue
      if result.last?.value != value { result.append((code, value)) }
    }
    return result
  }

  /// Makes a table, whose memory is freed by ``deallocate()`` or never.
  ///
  /// - Parameters:
  ///   - ranges: Ranges of equal values in order, the first one from 0 on.
  ///   - illFormed: The value of a byte that belongs to no well-formed sequence.
  init(ranges: [(first: UInt32, value: UInt8)], illFormed: UInt8 = 0) {
    var pageStarts = [UInt16](repeating: 0, count: Self.pageCount)
    var blocks: [UInt8] = []
    var known: [[UInt8]: UInt16] = [:]
    // Most pages lie inside of one range.
    var uniform = [UInt16?](repeating: nil, count: 256)
    var range = 0
    for page in 0..<Self.pageCount {
      let first = UInt32(page * Self.pageSize)
      while range + 1 < ranges.count, ranges[range + 1].first <= first { range += 1 }
      let next = range + 1 < ranges.count ? ranges[range + 1].first : CodePointSet.codePointBound
      let isUniform = next >= first + UInt32(Self.pageSize)
      if isUniform, let start = uniform[Int(ranges[range].value)] {
        pageStarts[page] = start
        continue
      }
      var block = [UInt8](repeating: ranges[range].value, count: Self.pageSize)
      var inner = range + 1
      while inner < ranges.count, ranges[inner].first < first + UInt32(Self.pageSize) {
        for offset in Int(ranges[inner].first - first)..<Self.pageSize {
          block[offset] = ranges[inner].value
        }
        inner += 1
      }
      let start = known[block] ?? UInt16(blocks.count / Self.pageSize)
      if known.updateValue(start, forKey: block) == nil { blocks += block }
      pageStarts[page] = start
      if isUniform { uniform[Int(ranges[range].value)] = start }
    }
    let pages = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: pageStarts.count)
    let classes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: blocks.count)
    // SAFETY: both buffers are fully initialized here, and never written afterwards.
    _ = unsafe pages.initialize(from: pageStarts)
    _ = unsafe classes.initialize(from: blocks)
    unsafe self.pages = UnsafePointer(pages.baseAddress!)
    unsafe self.classes = UnsafePointer(classes.baseAddress!)
    self.illFormed = illFormed
  }

  /// Frees the memory; the table must not be used any more.
  @unsafe
  func deallocate() {
    unsafe pages.deallocate()
    unsafe classes.deallocate()
  }

  /// The value of a code point.
  @inline(__always)
  func value(of code: UInt32) -> UInt8 {
    precondition(code < 0x110000, "not a code point")
    // SAFETY: `code >> 7` is below `pageCount`, and every page start leaves a whole page.
    return unsafe lookUp(code)
  }

  /// The class of a code point.
  ///
  /// - Precondition: `code` is less than 0x110000.
  package subscript(code: UInt32) -> CharacterClass {
    CharacterClass(rawValue: value(of: code))
  }

  /// The class of the character that begins at `position`, and how many bytes it has.
  ///
  /// A byte that begins no well-formed UTF-8 sequence (wrong lead, missing or wrong continuation,
  /// overlong, surrogate, above U+10FFFF) is a character of its own, of the class ``illFormed``.
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

  /// The class of the character that ends before `position`, which is greater than 0.
  @unsafe
  func character(before position: Int, in bytes: UnsafePointer<UInt8>) -> UInt8 {
    // SAFETY: the caller vouches for the bytes before `position`; nothing before 0 is read.
    var start = position - 1
    while start > 0, position - start < 4, unsafe bytes[start] & 0xC0 == 0x80 { start -= 1 }
    let (found, size) = unsafe character(in: bytes, at: start, end: position)
    return start + size == position ? found : illFormed
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
      guard first >= 0xC2, available >= 2 else { return (illFormed, 1) }
      let second = unsafe UInt32(bytes[position + 1])
      guard second & 0xC0 == 0x80 else { return (illFormed, 1) }
      return unsafe (lookUp((first & 0x1F) << 6 | second & 0x3F), 2)
    }
    if first < 0xF0 {
      guard available >= 3 else { return (illFormed, 1) }
      let second = unsafe UInt32(bytes[position + 1])
      let third = unsafe UInt32(bytes[position + 2])
      guard second & 0xC0 == 0x80, third & 0xC0 == 0x80 else { return (illFormed, 1) }
      let code = (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
      guard code >= 0x800, code & 0xF800 != 0xD800 else { return (illFormed, 1) }
      return unsafe (lookUp(code), 3)
    }
    guard first < 0xF5, available >= 4 else { return (illFormed, 1) }
    let second = unsafe UInt32(bytes[position + 1])
    let third = unsafe UInt32(bytes[position + 2])
    let fourth = unsafe UInt32(bytes[position + 3])
    guard second & 0xC0 == 0x80, third & 0xC0 == 0x80, fourth & 0xC0 == 0x80 else {
      return (illFormed, 1)
    }
    let code =
      (first & 0x07) << 18 | (second & 0x3F) << 12 | (third & 0x3F) << 6 | fourth & 0x3F
    guard code >= 0x10000, code < 0x110000 else { return (illFormed, 1) }
    return unsafe (lookUp(code), 4)
  }

  @inline(__always)
  @unsafe
  private func lookUp(_ code: UInt32) -> UInt8 {
    unsafe classes[Int(pages[Int(code >> 7)]) << 7 | Int(code & 127)]
  }
}
