/// What is wrong with a JSON text; offsets count bytes from its start.
public enum JSONError: Error, Hashable, Sendable {
  /// The text ends where something is missing.
  case unexpectedEnd(offset: Int, expected: String)
  /// A byte stands where something else belongs.
  case unexpectedByte(UInt8, offset: Int, expected: String)
  /// A string holds bytes that are not UTF-8.
  case invalidUTF8(offset: Int)
  /// A string holds a control character that should have been escaped.
  case controlCharacter(UInt8, offset: Int)
  /// A backslash begins none of the escapes that JSON has.
  case invalidEscape(offset: Int)
  /// An escape names half of a surrogate pair, which is no character.
  case loneSurrogate(offset: Int)
  /// Digits do not form a number that JSON allows.
  case invalidNumber(offset: Int)
  /// A number is not of the size or kind that is needed here.
  case numberOutOfRange(offset: Int, expected: String)
  /// Arrays and objects are nested too deeply.
  case tooDeep(offset: Int, limit: Int)
  /// An object has a key twice.
  case duplicateKey(String, offset: Int)
}

extension JSONError {
  /// Where in the text.
  public var offset: Int {
    switch self {
    case .unexpectedEnd(let offset, _), .unexpectedByte(_, let offset, _), .invalidUTF8(let offset),
      .controlCharacter(_, let offset), .invalidEscape(let offset), .loneSurrogate(let offset),
      .invalidNumber(let offset), .numberOutOfRange(let offset, _), .tooDeep(let offset, _),
      .duplicateKey(_, let offset):
      offset
    }
  }
}

extension JSONError: CustomStringConvertible {
  /// One sentence: what was found, where, and what was expected.
  public var description: String {
    switch self {
    case .unexpectedEnd(let offset, let expected):
      "the JSON text ends at byte \(offset), where \(expected) is expected"
    case .unexpectedByte(let byte, let offset, let expected):
      "found \(JSONError.name(of: byte)) at byte \(offset), where \(expected) is expected"
    case .invalidUTF8(let offset):
      "the string at byte \(offset) goes on with bytes that are not UTF-8"
    case .controlCharacter(let byte, let offset):
      "found \(JSONError.name(of: byte)) at byte \(offset), which a string must escape"
    case .invalidEscape(let offset):
      "the backslash at byte \(offset) begins no escape that JSON has"
    case .loneSurrogate(let offset):
      "the escape at byte \(offset) is half of a surrogate pair, which is no character"
    case .invalidNumber(let offset):
      "the number at byte \(offset) is not as JSON writes numbers"
    case .numberOutOfRange(let offset, let expected):
      "the number at byte \(offset) is not \(expected)"
    case .tooDeep(let offset, let limit):
      "more than \(limit) arrays and objects are nested at byte \(offset)"
    case .duplicateKey(let key, let offset):
      "the key \"\(key)\" at byte \(offset) is there twice in one object"
    }
  }

  private static func name(of byte: UInt8) -> String {
    if (0x21...0x7E).contains(byte) { return "\"\(Character(Unicode.Scalar(byte)))\"" }
    if byte == 0x20 { return "a space" }
    return "the byte 0x" + SHA256.hexadecimal([byte])
  }
}
