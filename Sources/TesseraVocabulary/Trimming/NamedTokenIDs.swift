internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

// Where config.json and generation_config.json name tokens by ID:
//
//   ..._token_id, ..._token_index
//                          an ID or a list of them, null, or a negative number for none
//   suppress_tokens, begin_suppress_tokens
//                          lists of IDs that are never generated
//   bad_words_ids          lists of lists of IDs that are never generated one after the other
//   forced_decoder_ids     lists of a position and an ID
//   text_config            an object with any of these, of models that read images as well

/// The IDs of tokens in a configuration.
struct NamedTokenIDs {
  /// The file, for errors.
  let path: String
  private(set) var json: JSONObject

  private static let suppressedKeys = ["suppress_tokens", "begin_suppress_tokens"]
  private static let textKey = "text_config"

  /// The IDs in `text_config`, if it is there.
  private var text: NamedTokenIDs? {
    json[Self.textKey]?.object.map { NamedTokenIDs($0, path: path) }
  }

  init(_ json: JSONObject, path: String) {
    self.json = json
    self.path = path
  }

  /// The roles, each with its key and the ID that has it.
  private var named: [(key: String, id: Int)] {
    var named = text?.named ?? []
    for (key, value) in json.members where Self.isRole(key) {
      named += Self.numbers(value).map { (key: key, id: $0) }
    }
    for entry in json["forced_decoder_ids"]?.array ?? [] {
      if let number = entry.array?.last?.int { named.append(("forced_decoder_ids", number)) }
    }
    return named.filter { $0.id >= 0 }
  }

  /// The IDs that have to stay: those of tokens with a role.
  ///
  /// - Throws: ``VocabularyError/unknownNamedToken(path:key:id:)`` for one that no token has.
  func roles(_ tokenizer: Tokenizer) throws(VocabularyError) -> Set<TokenID> {
    var ids = Set<TokenID>()
    for (key, number) in named {
      guard let id = TokenID(exactly: number), tokenizer.bytes(of: id) != nil else {
        throw .unknownNamedToken(path: path, key: key, id: number)
      }
      ids.insert(id)
    }
    return ids
  }

  /// Sees to it that each token with a role has a new ID.
  ///
  /// - Throws: ``VocabularyError/unknownNamedToken(path:key:id:)``, and
  ///   ``VocabularyError/roleWithoutToken(path:key:token:isAdded:)`` for the first one without a new ID.
  func checkRoles(
    _ newIDs: [TokenID?], of tokenizer: Tokenizer
  ) throws(VocabularyError) {
    _ = try roles(tokenizer)
    for (key, id) in named where newIDs[id] == nil {
      let added = tokenizer.addedTokens.first { Int($0.id) == id }?.content
      throw .roleWithoutToken(
        path: path, key: key, token: added ?? tokenizer.readableText(of: TokenID(id)) ?? "",
        isAdded: added != nil)
    }
  }

  /// Gives all IDs their new numbers, and leaves out lists of removed tokens.
  mutating func renumber(_ newIDs: [TokenID?]) {
    if var text {
      text.renumber(newIDs)
      json[Self.textKey] = .object(text.json)
    }
    func new(_ value: JSONValue) -> JSONValue? {
      guard let number = value.int, number >= 0 else { return value }
      return number < newIDs.count ? newIDs[number].map { JSONValue($0) } : nil
    }
    for (key, value) in json.members {
      if Self.isRole(key) {
        json[key] =
          value.array.map { .array(Self.distinct($0.compactMap(new))) } ?? new(value) ?? .null
      } else if Self.suppressedKeys.contains(key), let list = value.array {
        json[key] = .array(list.compactMap(new))
      } else if key == "bad_words_ids", let lists = value.array {
        let kept = lists.compactMap { list -> JSONValue? in
          guard let ids = list.array else { return list }
          let renumbered = ids.compactMap(new)
          return renumbered.count == ids.count ? .array(renumbered) : nil
        }
        json[key] = kept.isEmpty ? .null : .array(kept)
      } else if key == "forced_decoder_ids", let lists = value.array {
        json[key] = .array(
          lists.map { entry in
            guard let pair = entry.array, pair.count == 2, let id = new(pair[1]) else {
              return entry
            }
            return .array([pair[0], id])
          })
      }
    }
  }

  /// The values without those that stand before already: two tokens may have become one.
  private static func distinct(_ values: [JSONValue]) -> [JSONValue] {
    values.indices.filter { !values[..<$0].contains(values[$0]) }.map { values[$0] }
  }

  private static func isRole(_ key: String) -> Bool {
    key.hasSuffix("_token_id") || key.hasSuffix("_token_index")
  }

  private static func numbers(_ value: JSONValue) -> [Int] {
    (value.array ?? [value]).compactMap(\.int)
  }
}
