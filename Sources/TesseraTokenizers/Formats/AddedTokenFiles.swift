package import TesseraBasics

/// The files beside a tokenizer.json that list its added tokens.
package enum AddedTokenFiles {
  /// Their names: `tokenizer_config.json`, `added_tokens.json` and `special_tokens_map.json`.
  package static let names = [
    VocabularyFiles.configurationName, VocabularyFiles.addedTokensName,
    VocabularyFiles.specialTokensName,
  ]

  /// The names of the lists of tokens that are special without having a role.
  package static var listKeys: [String] { NamedAddedTokens.extraKeys }

  /// The member of tokenizer_config.json with all added tokens by their IDs.
  package static let decoderKey = "added_tokens_decoder"

  /// Such a file without some tokens, none of which has a role.
  ///
  /// - Parameters:
  ///   - tokens: The tokens that go.
  ///   - members: What the file holds.
  ///   - name: Its name.
  package static func removing(
    _ tokens: [AddedToken], from members: JSONObject, of name: String
  ) -> JSONObject {
    let contents = Set(tokens.map { Array($0.content.utf8) })
    func isGone(_ content: String?) -> Bool {
      content.map { contents.contains(Array($0.utf8)) } ?? false
    }
    if name == VocabularyFiles.addedTokensName {
      return members.filter { key, _ in !isGone(key) }
    }
    var members = members
    for key in listKeys {
      if let list = members[key]?.array {
        members[key] = .array(list.filter { !isGone($0.string ?? $0["content"]?.string) })
      }
    }
    if let decoder = members[decoderKey]?.object {
      let ids = Set(tokens.map { String($0.id) })
      members[decoderKey] = .object(decoder.filter { key, _ in !ids.contains(key) })
    }
    return members
  }
}

extension JSONObject {
  /// The members that are wanted, in their order.
  fileprivate func filter(_ isWanted: (String, JSONValue) -> Bool) -> JSONObject {
    var kept = JSONObject()
    for (key, value) in members where isWanted(key, value) { kept.append(newKey: key, value) }
    return kept
  }
}
