/// Reads a JSON text piece by piece, without building values for what nobody asks for.
///
/// For large files: strings come as places in the text, and only those that are wanted are
/// decoded. The rules are those of ``JSONValue/init(parsing:)``; whatever is skipped is checked as
/// well. Call what fits the text: `begin…` and `next…` walk through arrays and objects, `read…`
/// takes a value, ``skipValue()`` leaves one out.
///
///     var reader = JSONReader(bytes)
///     try reader.beginObject()
///     while let key = try reader.nextKey() {
///       if reader.matches(key, "vocab_size") { size = try reader.readInt() }
///       else { try reader.skipValue() }
///     }
///     try reader.finish()
///
/// After an error the reader is of no further use.
public struct JSONReader: Sendable {
  /// How deep arrays and objects may be nested.
  public static let depthLimit = 128

  /// The text.
  public let bytes: [UInt8]
  /// The offset of the next byte to look at.
  public private(set) var position = 0

  /// What is open around the current place, outermost first.
  private var containers: [Container] = []
  /// The keys of the open objects, by depth; kept for the next object of the same depth.
  private var keySets: [JSONKeySet] = []

  private enum Container { case array, object }

  /// The kinds of values.
  public enum Kind: Hashable, Sendable { case null, bool, number, string, array, object }

  /// Starts at the first byte.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  // MARK: Walking

  /// The kind of the next value, which is not taken.
  public mutating func peek() throws(JSONError) -> Kind {
    switch try nextByte(expected: "a value") {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case let byte: throw .unexpectedByte(byte, offset: position, expected: "a value")
    }
  }

  /// Enters an object; ``nextKey()`` follows.
  public mutating func beginObject() throws(JSONError) {
    try begin(.object, with: UInt8(ascii: "{"), expected: "an object")
    let depth = containers.count - 1
    if depth < keySets.count { keySets[depth].removeAll() }
  }

  /// The next member's key, whose value must be read or skipped next; nil at the object's end.
  ///
  /// - Throws: ``JSONError/duplicateKey(_:offset:)`` for a key that was there before.
  /// - Precondition: An object is open, and nothing inside it.
  public mutating func nextKey() throws(JSONError) -> JSONString? {
    guard let key = try nextUncheckedKey() else { return nil }
    let depth = containers.count - 1
    while keySets.count <= depth { keySets.append(JSONKeySet()) }
    if !keySets[depth].insert(key, of: bytes) {
      throw .duplicateKey(string(key), offset: key.range.lowerBound - 1)
    }
    return key
  }

  /// The next member's key as ``nextKey()`` gives it, without comparing it with those before.
  ///
  /// For objects with very many members, whose caller notices by itself if one is there twice.
  ///
  /// - Precondition: An object is open, and nothing inside it.
  public mutating func nextUncheckedKey() throws(JSONError) -> JSONString? {
    precondition(containers.last == .object, "an object is open")
    guard try nextItem(close: UInt8(ascii: "}"), expected: "a comma or the end of an object") else {
      return nil
    }
    let byte = try nextByte(expected: "a key")
    if byte != UInt8(ascii: "\"") {
      throw .unexpectedByte(byte, offset: position, expected: "a key in quotes")
    }
    let key = try scanString()
    try take(UInt8(ascii: ":"), expected: "a colon")
    return key
  }

  /// Enters an array; ``nextElement()`` follows.
  public mutating func beginArray() throws(JSONError) {
    try begin(.array, with: UInt8(ascii: "["), expected: "an array")
  }

  /// Whether there is one more element, which must be read or skipped next; false leaves the array.
  ///
  /// - Precondition: An array is open, and nothing inside it.
  public mutating func nextElement() throws(JSONError) -> Bool {
    precondition(containers.last == .array, "an array is open")
    return try nextItem(close: UInt8(ascii: "]"), expected: "a comma or the end of an array")
  }

  /// Checks that nothing but white space follows the value.
  ///
  /// - Precondition: No array or object is open.
  public mutating func finish() throws(JSONError) {
    precondition(containers.isEmpty, "every array and object has been left")
    skipWhiteSpace()
    if position < bytes.count {
      throw .unexpectedByte(bytes[position], offset: position, expected: "the end of the text")
    }
  }

  private mutating func begin(
    _ container: Container, with byte: UInt8, expected: String
  ) throws(JSONError) {
    try take(byte, expected: expected)
    if containers.count == JSONReader.depthLimit {
      throw .tooDeep(offset: position - 1, limit: JSONReader.depthLimit)
    }
    containers.append(container)
    isFirstItem = true
  }

  /// Whether the innermost container has just been entered, so that no comma precedes the item.
  private var isFirstItem = false

  private mutating func nextItem(close: UInt8, expected: String) throws(JSONError) -> Bool {
    let byte = try nextByte(expected: expected)
    defer { isFirstItem = false }
    if byte == close {
      position += 1
      containers.removeLast()
      return false
    }
    if isFirstItem { return true }
    if byte != UInt8(ascii: ",") {
      throw .unexpectedByte(byte, offset: position, expected: expected)
    }
    position += 1
    return true
  }

  // MARK: Values

  /// Takes a string as a place in the text.
  public mutating func readString() throws(JSONError) -> JSONString {
    let byte = try nextByte(expected: "a string")
    if byte != UInt8(ascii: "\"") {
      throw .unexpectedByte(byte, offset: position, expected: "a string")
    }
    return try scanString()
  }

  /// Takes a number as it is written.
  public mutating func readNumber() throws(JSONError) -> JSONNumber {
    let range = try scanNumber()
    return JSONNumber(validLiteral: String(decoding: bytes[range], as: UTF8.self))
  }

  /// Takes an integer.
  ///
  /// - Throws: ``JSONError/numberOutOfRange(offset:expected:)`` if it has a fraction or an
  ///   exponent, or `Int` cannot hold it.
  public mutating func readInt() throws(JSONError) -> Int {
    let range = try scanNumber()
    var digits = bytes[range]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits = digits.dropFirst() }
    var value = 0
    for byte in digits {
      let digit = Int(byte) - 0x30
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.subtractingReportingOverflow(digit)
      if !(0...9).contains(digit) || overflow || overflow2 {
        throw .numberOutOfRange(offset: range.lowerBound, expected: "an integer of 64 bits")
      }
      value = sum
    }
    if isNegative { return value }
    if value == .min {
      throw .numberOutOfRange(offset: range.lowerBound, expected: "an integer of 64 bits")
    }
    return -value
  }

  /// Takes `true` or `false`.
  public mutating func readBool() throws(JSONError) -> Bool {
    switch try nextByte(expected: "true or false") {
    case UInt8(ascii: "t"):
      try scanWord("true")
      return true
    case UInt8(ascii: "f"):
      try scanWord("false")
      return false
    case let byte:
      throw .unexpectedByte(byte, offset: position, expected: "true or false")
    }
  }

  /// Takes `null`.
  public mutating func readNull() throws(JSONError) {
    let byte = try nextByte(expected: "null")
    if byte != UInt8(ascii: "n") {
      throw .unexpectedByte(byte, offset: position, expected: "null")
    }
    try scanWord("null")
  }

  /// Takes a value of any kind, whole.
  public mutating func readValue() throws(JSONError) -> JSONValue {
    switch try peek() {
    case .null:
      try readNull()
      return .null
    case .bool: return .bool(try readBool())
    case .number: return .number(try readNumber())
    case .string: return .string(string(try readString()))
    case .array:
      var elements: [JSONValue] = []
      try beginArray()
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case .object:
      var members: [(key: String, value: JSONValue)] = []
      try beginObject()
      while let key = try nextKey() { members.append((string(key), try readValue())) }
      return .object(JSONObject(uniqueMembers: members))
    }
  }

  /// Checks a value of any kind, and leaves it out.
  ///
  /// - Returns: Its place in the text.
  @discardableResult
  public mutating func skipValue() throws(JSONError) -> Range<Int> {
    let kind = try peek()
    let start = position
    switch kind {
    case .null: try readNull()
    case .bool: _ = try readBool()
    case .number: _ = try scanNumber()
    case .string: _ = try scanString()
    case .array:
      try beginArray()
      while try nextElement() { try skipValue() }
    case .object:
      try beginObject()
      while try nextKey() != nil { try skipValue() }
    }
    return start..<position
  }
}

// MARK: - Scanning

extension JSONReader {
  private mutating func skipWhiteSpace() {
    var end = position
    while end < bytes.count {
      let byte = bytes[end]
      // What is indented begins with many spaces.
      if byte == 0x0A {
        end += 1
        let spaces = 0x2020_2020_2020_2020 as UInt64
        // SAFETY: the word ends within the bytes.
        while end + 8 <= bytes.count,
          unsafe bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: end, as: UInt64.self)
            == spaces
        {
          end += 8
        }
        continue
      }
      if byte > 0x20 || byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 { break }
      end += 1
    }
    position = end
  }

  /// The byte after any white space, which is not taken.
  private mutating func nextByte(expected: @autoclosure () -> String) throws(JSONError) -> UInt8 {
    skipWhiteSpace()
    if position < bytes.count { return bytes[position] }
    throw .unexpectedEnd(offset: position, expected: expected())
  }

  private mutating func take(_ byte: UInt8, expected: String) throws(JSONError) {
    let found = try nextByte(expected: expected)
    if found != byte { throw .unexpectedByte(found, offset: position, expected: expected) }
    position += 1
  }

  private mutating func scanWord(_ word: String) throws(JSONError) {
    for letter in word.utf8 {
      if position == bytes.count { throw .unexpectedEnd(offset: position, expected: word) }
      if bytes[position] != letter {
        throw .unexpectedByte(bytes[position], offset: position, expected: word)
      }
      position += 1
    }
  }

  /// Takes a number: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private mutating func scanNumber() throws(JSONError) -> Range<Int> {
    let byte = try nextByte(expected: "a number")
    let start = position
    guard byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) else {
      throw .unexpectedByte(byte, offset: position, expected: "a number")
    }
    func at(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }
    func digitsEnd(from index: Int) throws(JSONError) -> Int {
      var end = index
      while (0x30...0x39).contains(at(end)) { end += 1 }
      if end == index { throw .invalidNumber(offset: start) }
      return end
    }
    var end = start
    if at(end) == UInt8(ascii: "-") { end += 1 }
    end = at(end) == UInt8(ascii: "0") ? end + 1 : try digitsEnd(from: end)
    if at(end) == UInt8(ascii: ".") { end = try digitsEnd(from: end + 1) }
    if at(end) | 0x20 == UInt8(ascii: "e") {
      end += 1
      if at(end) == UInt8(ascii: "+") || at(end) == UInt8(ascii: "-") { end += 1 }
      end = try digitsEnd(from: end)
    }
    // A digit here follows a leading zero.
    if (0x30...0x39).contains(at(end)) { throw .invalidNumber(offset: start) }
    position = end
    return start..<end
  }

  /// Takes a string; `position` is at its first quote.
  private mutating func scanString() throws(JSONError) -> JSONString {
    let start = position + 1
    let end = try scanJSONString(bytes.span, from: start)
    position = end.offset + 1
    return JSONString(range: start..<end.offset, hasEscapes: end.hasEscapes)
  }
}
