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

  /// The IDs that have to stay: those of tokens with a role.
  ///
  /// - Throws: ``VocabularyError/unknownNamedToken(path:key:id:)`` for one that no token has.
  func roles(_ tokenizer: Tokenizer) throws(VocabularyError) -> Set<TokenID> {
    var ids = try text?.roles(tokenizer) ?? []
    for (key, value) in json.members where Self.isRole(key) {
      for number in Self.numbers(value) where number >= 0 {
        guard let id = TokenID(exactly: number), tokenizer.bytes(of: id) != nil else {
          throw .unknownNamedToken(path: path, key: key, id: number)
        }
        ids.insert(id)
      }
    }
    for entry in json["forced_decoder_ids"]?.array ?? [] {
      guard let number = entry.array?.last?.int, number >= 0 else { continue }
      guard let id = TokenID(exactly: number), tokenizer.bytes(of: id) != nil else {
        throw .unknownNamedToken(path: path, key: "forced_decoder_ids", id: number)
      }
      ids.insert(id)
    }
    return ids
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
        json[key] = value.array.map { .array($0.compactMap(new)) } ?? new(value) ?? .null
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

  private static func isRole(_ key: String) -> Bool {
    key.hasSuffix("_token_id") || key.hasSuffix("_token_index")
  }

  private static func numbers(_ value: JSONValue) -> [Int] {
    (value.array ?? [value]).compactMap(\.int)
  }
}
