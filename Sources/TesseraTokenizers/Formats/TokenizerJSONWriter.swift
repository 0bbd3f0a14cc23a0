internal import TesseraBasics

/// Writes a tokenizer as tokenizers 0.23 and transformers 5 write it.
///
/// What was read from a file is written as it was, but for the vocabulary, the merges (always as
/// pairs) and the added tokens.
struct TokenizerJSONWriter {
  private let tokenizer: Tokenizer

  /// The token that GPT2Tokenizer and Qwen2Tokenizer of transformers add, and its roles.
  private static let defaultToken = "<|endoftext|>"
  private static let defaultRoles = ["bos_token", "eos_token", "unk_token", "pad_token"]

  init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  /// tokenizer.json, indented by two spaces.
  func tokenizerJSON() -> [UInt8] {
    let root = tokenizer.document?.root ?? Self.newRoot(of: tokenizer)
    let added = addedTokenList()
    var output: [UInt8] = []
    output += "{".utf8
    var separator = "\n"
    for (key, value) in root.members {
      output += "\(separator)  ".utf8
      separator = ",\n"
      appendJSONString(key, to: &output)
      output += ": ".utf8
      switch (key, value.object) {
      case ("model", let model?): appendModel(model, added, to: &output)
      case ("added_tokens", _): append(.array(added.map(\.json)), indent: 2, to: &output)
      default: append(value, indent: 2, to: &output)
      }
    }
    output += "\n}".utf8
    return output
  }

  /// vocab.json.
  func vocabularyJSON() -> [UInt8] {
    var output: [UInt8] = []
    appendVocabulary(addedTokensInVocabulary(addedTokenList()), to: &output)
    return output + [UInt8(ascii: "\n")]
  }

  /// tokenizer_config.json: what was read, or what transformers needs for a new tokenizer.
  ///
  /// - Parameters:
  ///   - className: The class of transformers that reads vocab.json and merges.txt, which then finds
  ///     the added tokens here; `nil` for tokenizer.json, which has them.
  ///   - addsPrefixSpace: Whether that class puts a space before text.
  func configurationJSON(className: String? = nil, addsPrefixSpace: Bool = false) -> [UInt8] {
    var members = tokenizer.document?.configuration ?? JSONObject()
    if tokenizer.document?.configuration == nil {
      members["clean_up_tokenization_spaces"] = .bool(false)
      if let id = tokenizer.endOfText,
        let token = tokenizer.addedTokens.first(where: { $0.id == id })
      {
        members["bos_token"] = .string(token.content)
        members["eos_token"] = .string(token.content)
      }
      members["model_max_length"] = JSONValue(1_000_000)
      members["tokenizer_class"] = "PreTrainedTokenizerFast"
    }
    if let className {
      members["tokenizer_class"] = .string(className)
      members["add_prefix_space"] = .bool(addsPrefixSpace)
      var decoder = JSONObject()
      for token in tokenizer.addedTokens {
        var value = token.json
        value["id"] = nil
        decoder[String(token.id)] = value
      }
      members["added_tokens_decoder"] = .object(decoder)
      // Where a role is left out, the classes add a token of their own.
      if !tokenizer.addedTokens.contains(where: { $0.isSpecial && $0.content == Self.defaultToken })
      {
        for role in Self.defaultRoles where members[role] == nil { members[role] = .null }
      }
    }
    return members.serialized(pretty: true) + Array("\n".utf8)
  }

  // MARK: Parts

  private func append(_ value: JSONValue, indent: Int, to output: inout [UInt8]) {
    // Strings have no line feeds of their own: JSON escapes them.
    for byte in value.serialized(pretty: true) {
      output.append(byte)
      if byte == UInt8(ascii: "\n") {
        output += repeatElement(UInt8(ascii: " "), count: indent)
      }
    }
  }

  /// The added tokens in an order in which tokenizers gives them their IDs: by ID.
  private func addedTokenList() -> [AddedToken] { tokenizer.addedTokens }

  /// The added tokens that the vocabulary must name as well, or tokenizers would renumber them.
  private func addedTokensInVocabulary(_ added: [AddedToken]) -> [AddedToken] {
    let tokens = tokenizer.tokens
    func isEntry(_ token: AddedToken) -> Bool { tokens.contains(token.id) }
    var numbering = AddedTokenNumbering(entryCount: tokens.count)
    let keepsNumbers = added.allSatisfy {
      numbering.next(known: isEntry($0) ? $0.id : nil) == $0.id
    }
    return keepsNumbers ? [] : added.filter { !isEntry($0) }
  }

  private func appendModel(_ model: JSONObject, _ added: [AddedToken], to output: inout [UInt8]) {
    output += "{".utf8
    var separator = "\n"
    for (key, value) in model.members {
      output += "\(separator)    ".utf8
      separator = ",\n"
      appendJSONString(key, to: &output)
      output += ": ".utf8
      switch key {
      case "vocab": appendVocabulary(addedTokensInVocabulary(added), to: &output)
      case "merges": appendMerges(to: &output)
      default: append(value, indent: 4, to: &output)
      }
    }
    output += "\n  }".utf8
  }

  private func appendVocabulary(_ added: [AddedToken], to output: inout [UInt8]) {
    let tokens = tokenizer.tokens
    let contents = Dictionary(uniqueKeysWithValues: added.map { ($0.id, $0.content) })
    var separator = "{\n"
    for id in 0..<TokenID(max(tokens.idBound, tokenizer.vocabularySize)) {
      guard let spelling = contents[id] ?? spelling(of: id) else { continue }
      output += "\(separator)      ".utf8
      separator = ",\n"
      appendJSONString(spelling, to: &output)
      output += ": \(id)".utf8
    }
    output += "\n    }".utf8
  }

  private func appendMerges(to output: inout [UInt8]) {
    let merges =
      tokenizer.model.semantics == .ranks
      ? RankMerges.list(of: tokenizer.tokens) : tokenizer.merges
    if merges.isEmpty {
      output += "[]".utf8
      return
    }
    // Tokens occur in many merges: each is spelled once.
    var spellings = [[UInt8]](repeating: [], count: tokenizer.tokens.idBound)
    func appendSpelling(_ id: TokenID, to output: inout [UInt8]) {
      if spellings[Int(id)].isEmpty {
        appendJSONString(spelling(of: id) ?? "", to: &spellings[Int(id)])
      }
      output += spellings[Int(id)]
    }
    var separator = "[\n"
    for merge in merges {
      output += "\(separator)      [\n        ".utf8
      separator = ",\n"
      appendSpelling(merge.left, to: &output)
      output += ",\n        ".utf8
      appendSpelling(merge.right, to: &output)
      output += "\n      ]".utf8
    }
    output += "\n    ]".utf8
  }

  /// How the file spells a token of the vocabulary.
  private func spelling(of id: TokenID) -> String? {
    tokenizer.modelSpelling(of: id).map { String(decoding: $0, as: UTF8.self) }
  }

  // MARK: A new file

  /// The members for a tokenizer that was read from no tokenizer.json.
  static func newRoot(of tokenizer: Tokenizer) -> JSONObject {
    var root = tokenizer.pipeline.json
    root["model"] = .object(tokenizer.model.json)
    return root
  }
}
