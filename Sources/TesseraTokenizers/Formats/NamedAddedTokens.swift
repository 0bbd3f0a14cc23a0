internal import TesseraBasics

// The added tokens of a folder with vocab.json, as transformers 5 finds them and in its order, but for
// three rare things that Docs/Formats.md names:
//
//   1. tokens with an ID: `added_tokens_decoder` of tokenizer_config.json, or where there is none,
//      added_tokens.json, by their IDs
//   2. tokens with a role: `bos_token` and so on, then all other members whose name ends in `_token`
//   3. `extra_special_tokens`, once called `additional_special_tokens`
//
// Roles and extra tokens are in tokenizer_config.json; where it has no `added_tokens_decoder`, those of
// special_tokens_map.json take their place. A token without an ID gets that of its vocabulary entry,
// or else the next one: `AddedTokenNumbering`.

/// Finds the added tokens that the files beside a vocab.json name.
struct NamedAddedTokens {
  /// tokenizer_config.json.
  var configuration: JSONObject?
  /// added_tokens.json.
  var addedTokens: JSONObject?
  /// special_tokens_map.json.
  var specialTokens: JSONObject?

  /// The roles whose tokens come before those of other roles.
  private static let roles = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]
  static let extraKeys = ["additional_special_tokens", "extra_special_tokens"]

  /// A token as a file has it, with its place there.
  private typealias Mention = (value: JSONValue, member: String)

  /// The tokens, numbered.
  ///
  /// - Parameter vocabulary: The content of vocab.json, and its path.
  func tokens(
    vocabulary: (bytes: [UInt8], path: String)
  ) throws(TokenizerError) -> [AddedToken] {
    let (roles, extra) = mentions()
    var tokens = try tokensWithIDs()
    let idCount = tokens.count
    var indices: [[UInt8]: Int] = [:]
    for (index, token) in tokens.enumerated() { indices[Array(token.content.utf8)] = index }
    for (index, mention) in (roles + extra).enumerated() {
      guard var token = try Self.token(mention) else { continue }
      token.isSpecial = true
      if let known = indices[Array(token.content.utf8)] {
        if index < roles.count || !hasDecoder { tokens[known].isSpecial = true }
        // Those of added_tokens.json have no flags of their own.
        if known < idCount, !hasDecoder { tokens[known].isNormalized = false }
      } else {
        indices[Array(token.content.utf8)] = tokens.count
        tokens.append(token)
      }
    }
    return try numbered(tokens, idCount: idCount, vocabulary)
  }

  /// tokenizer_config.json with what special_tokens_map.json says, which is written nowhere else: names
  /// alone, as flags are with the tokens.
  var configurationWithRoles: JSONObject? {
    guard let specialTokens, !hasDecoder else { return configuration }
    func name(_ value: JSONValue) -> JSONValue { value["content"] ?? value }
    var members = configuration ?? JSONObject()
    for (key, value) in specialTokens.members {
      members[key] = value.array.map { .array($0.map(name)) } ?? name(value)
    }
    return members
  }

  /// Whether tokenizer_config.json has all there is to know, so that the other files are not read.
  private var hasDecoder: Bool { configuration?["added_tokens_decoder"] != nil }

  /// What stands under names of roles, and what else is special.
  private func mentions() -> (roles: [Mention], extra: [Mention]) {
    var members = JSONObject()
    var files: [String: String] = [:]
    func take(_ source: JSONObject?, _ file: String) {
      for (key, value) in source?.members ?? [] {
        members[key] = value
        files[key] = file
      }
    }
    take(configuration, VocabularyFiles.configurationName)
    if !hasDecoder { take(specialTokens, VocabularyFiles.specialTokensName) }
    func mention(_ key: String, _ value: JSONValue) -> Mention {
      (value, "\(files[key] ?? ""): \(key.shortened())")
    }
    var roles: [Mention] = []
    var extra: [Mention] = []
    for key in Self.roles {
      if let value = members[key] { roles.append(mention(key, value)) }
    }
    for (key, value) in members.members where !Self.roles.contains(key) {
      if Self.extraKeys.contains(key) {
        extra += (value.array ?? []).map { mention(key, $0) }
        // Roles that only this model has.
        roles += (value.object?.members ?? []).map { mention(key, $0.value) }
      } else if key.hasSuffix("_token") {
        roles.append(mention(key, value))
      }
    }
    return (roles, extra)
  }

  /// The token of a mention: a string, or an object with content and flags; `nil` for anything else,
  /// such as `null` or the `true` of `add_bos_token`.
  private static func token(_ mention: Mention) throws(TokenizerError) -> AddedToken? {
    if let content = mention.value.string {
      return content.isEmpty ? nil : AddedToken(content, id: 0)
    }
    guard mention.value["content"] != nil else { return nil }
    let isSpecial = mention.member.hasPrefix(VocabularyFiles.specialTokensName)
    return try AddedToken(mention.value, id: 0, member: mention.member, isSpecial: isSpecial)
  }

  /// The tokens that a file gives an ID to, by their IDs.
  private func tokensWithIDs() throws(TokenizerError) -> [AddedToken] {
    func checked(_ id: Int?, _ member: String) throws(TokenizerError) -> TokenID {
      guard let id, (0...Int(TokenTable.maximumID)).contains(id) else {
        throw .malformed(member: member, expected: "an ID up to \(TokenTable.maximumID)")
      }
      return TokenID(id)
    }
    var found: [AddedToken] = []
    if let decoder = configuration?["added_tokens_decoder"] {
      for (key, value) in decoder.object?.members ?? [] {
        let member = "added_tokens_decoder.\(key.shortened())"
        found.append(try AddedToken(value, id: try checked(Int(key), member), member: member))
      }
    } else {
      for (content, value) in addedTokens?.members ?? [] {
        let id = try checked(
          value.int, "\(VocabularyFiles.addedTokensName): \(content.shortened())")
        found.append(AddedToken(content, id: id, isSpecial: false, isNormalized: true))
      }
    }
    return found.sorted { $0.id < $1.id }
  }

  /// Gives IDs to all but the first tokens, which have theirs.
  private func numbered(
    _ tokens: [AddedToken], idCount: Int, _ vocabulary: (bytes: [UInt8], path: String)
  ) throws(TokenizerError) -> [AddedToken] {
    let names = Set(tokens.map { Array($0.content.utf8) })
    let (ids, entryCount) = try VocabularyFiles.ids(
      of: names, in: vocabulary.bytes, path: vocabulary.path)
    var numbering = AddedTokenNumbering(entryCount: entryCount)
    var tokens = tokens
    for index in tokens.indices {
      let content = Array(tokens[index].content.utf8)
      var known: TokenID?
      if let id = ids[content] { known = try TokenID(checking: id, of: content) }
      let id = numbering.next(known: known)
      // Whether the others have the right one is seen where the whole tokenizer is read.
      if index >= idCount { tokens[index].id = id }
    }
    return tokens
  }
}
