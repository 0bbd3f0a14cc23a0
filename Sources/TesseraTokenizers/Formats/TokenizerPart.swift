internal import TesseraBasics

/// A part of a tokenizer.json, with its place in the file for errors.
struct TokenizerPart {
  let value: JSONValue
  /// Where it is, such as `pre_tokenizer.pretokenizers[1]`.
  let path: String
  /// What it is called, such as `pre-tokenizer`.
  let kind: String

  /// The part's `type`.
  func type() throws(TokenizerError) -> String { try string("type") }

  /// The error for a type that is not known.
  func unknownType(_ name: String) -> TokenizerError {
    .unsupported(part: kind, name: name, advice: "it is none of tokenizers 0.23")
  }

  /// The error for a member of the wrong type.
  func malformed(_ key: String, _ expected: String) -> TokenizerError {
    .malformed(member: "\(path).\(key)", expected: expected)
  }

  func string(_ key: String) throws(TokenizerError) -> String {
    guard let result = value[key]?.string else { throw malformed(key, "a string") }
    return result
  }

  func flag(_ key: String, default fallback: Bool? = nil) throws(TokenizerError) -> Bool {
    guard let found = value[key] ?? fallback.map(JSONValue.bool), let result = found.bool else {
      throw malformed(key, "true or false")
    }
    return result
  }

  /// A number from 0 up to a limit.
  func count(
    _ key: String, default fallback: Int? = nil, from minimum: Int = 0, limit: Int = 1 << 30
  ) throws(TokenizerError) -> Int {
    let expected = "a number from \(minimum) to \(limit)"
    if value[key] == nil, let fallback { return fallback }
    guard let result = value[key]?.int, (minimum...limit).contains(result) else {
      throw malformed(key, expected)
    }
    return result
  }

  /// A single character.
  func character(_ key: String) throws(TokenizerError) -> Unicode.Scalar {
    let scalars = try string(key).unicodeScalars
    guard scalars.count == 1, let result = scalars.first else {
      throw malformed(key, "one character")
    }
    return result
  }

  /// One of the names of an enumeration.
  func name<Name: RawRepresentable & CaseIterable>(
    _ key: String, default fallback: Name? = nil
  ) throws(TokenizerError) -> Name where Name.RawValue == String {
    if value[key] == nil, let fallback { return fallback }
    guard let result = Name(rawValue: try string(key)) else {
      throw malformed(key, "one of " + Name.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return result
  }

  /// The parts of a list.
  func list(_ key: String) throws(TokenizerError) -> [TokenizerPart] {
    guard let list = value[key]?.array else { throw malformed(key, "a list") }
    return list.enumerated().map {
      TokenizerPart(value: $1, path: "\(path).\(key)[\($0)]", kind: kind)
    }
  }

  /// A part within this one.
  func part(_ key: String) throws(TokenizerError) -> TokenizerPart {
    guard let member = value[key], member.object != nil else { throw malformed(key, "an object") }
    return TokenizerPart(value: member, path: "\(path).\(key)", kind: kind)
  }

  /// A text or a regular expression.
  func pattern(_ key: String = "pattern") throws(TokenizerError) -> TextPattern {
    if let text = value[key]?["String"]?.string { return TextPattern(text) }
    guard let expression = value[key]?["Regex"]?.string else {
      throw malformed(key, "an object with String or Regex")
    }
    do throws(TokenizerError) {
      return try TextPattern(expression: expression)
    } catch {
      throw .inMember(path: "\(path).\(key).Regex", error)
    }
  }
}

extension TextPattern {
  /// The pattern as a tokenizer.json has it.
  var json: JSONValue {
    switch source {
    case .string(let text): ["String": .string(text)]
    case .expression(let expression): ["Regex": .string(expression)]
    }
  }
}
