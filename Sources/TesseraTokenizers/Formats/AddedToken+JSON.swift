internal import TesseraBasics

extension AddedToken {
  /// An element of the member `added_tokens`.
  var json: JSONValue {
    [
      "id": JSONValue(id), "content": .string(content), "single_word": .bool(isSingleWord),
      "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight), "normalized": .bool(isNormalized),
      "special": .bool(isSpecial),
    ]
  }
}

extension TokenID {
  /// The ID that a file gives to a token.
  init(checking id: Int, of token: [UInt8]) throws(TokenizerError) {
    guard id >= 0 else { throw .negativeID(id, token: String(decoding: token, as: UTF8.self)) }
    guard id <= Int(TokenTable.maximumID) else {
      throw .idTooLarge(id, limit: Int(TokenTable.maximumID))
    }
    self = TokenID(truncatingIfNeeded: id)
  }
}

extension AddedToken {
  /// Reads an element of the member `added_tokens`.
  ///
  /// - Parameters:
  ///   - value: The element.
  ///   - member: Where it is, for errors.
  init(_ value: JSONValue, member: String) throws(TokenizerError) {
    guard let id = value["id"]?.int, let content = value["content"]?.string
    else { throw .malformed(member: member, expected: "an object with id and content") }
    try self.init(
      value, id: try TokenID(checking: id, of: Array(content.utf8)), member: member)
  }

  /// Reads an object with content and flags.
  ///
  /// - Parameters:
  ///   - value: The object.
  ///   - id: The token's ID.
  ///   - member: Where it is, for errors.
  ///   - isSpecial: Whether it is special if the object does not say so.
  init(
    _ value: JSONValue, id: TokenID, member: String, isSpecial: Bool = false
  ) throws(TokenizerError) {
    guard let content = value["content"]?.string else {
      throw .malformed(member: member, expected: "an object with content")
    }
    func flag(_ key: String, default fallback: Bool) throws(TokenizerError) -> Bool {
      guard let value = value[key] else { return fallback }
      guard let bool = value.bool else {
        throw .malformed(member: "\(member).\(key)", expected: "true or false")
      }
      return bool
    }
    let isSpecial = try flag("special", default: isSpecial)
    self.init(
      content, id: id, isSpecial: isSpecial,
      isNormalized: try flag("normalized", default: !isSpecial),
      stripsLeft: try flag("lstrip", default: false),
      stripsRight: try flag("rstrip", default: false),
      isSingleWord: try flag("single_word", default: false))
  }
}

/// The rule by which tokenizers gives IDs to added tokens, whatever the file says: that of the
/// vocabulary entry with the same content, else the next one after the vocabulary's entry count and
/// all earlier added tokens.
struct AddedTokenNumbering {
  private let entryCount: Int
  private var greatest: TokenID?

  init(entryCount: Int) { self.entryCount = entryCount }

  /// The ID of the next added token.
  ///
  /// - Parameter known: The ID of the vocabulary entry with its content, if there is one.
  mutating func next(known: TokenID?) -> TokenID {
    var id = TokenID(entryCount)
    if let known {
      id = known
    } else if let greatest, greatest >= id {
      id = greatest + 1
    }
    greatest = max(greatest ?? 0, id)
    return id
  }
}
