internal import TesseraBasics

// vocab.json and merges.txt, GPT-2's two files:
//
//   vocab.json   an object: tokens as the byte alphabet spells them, with their IDs
//   merges.txt   a line for each merge, two tokens and a space between; lines that begin with
//                #version are left out
//
// How text is split, and which tokens are special, is in tokenizer_config.json if anywhere: the
// tokenizer's class, `add_prefix_space`, and `added_tokens_decoder`, an object from IDs to tokens with
// flags. Older folders have added_tokens.json, an object from tokens to IDs, and name special tokens
// by their task.

/// Reads and writes vocab.json with merges.txt.
enum VocabularyFiles {
  static let vocabularyName = "vocab.json"
  static let mergesName = "merges.txt"
  /// The largest file that is read.
  static let sizeLimit = 1 << 28

  private static let classes: [String: (PreTokenizerPattern, Normalization)] = [
    "GPT2Tokenizer": (.gpt2, .none), "GPT2TokenizerFast": (.gpt2, .none),
    "RobertaTokenizer": (.gpt2, .none), "RobertaTokenizerFast": (.gpt2, .none),
    "Qwen2Tokenizer": (.qwen2, .nfc), "Qwen2TokenizerFast": (.qwen2, .nfc),
  ]

  /// The pattern and the normalization form of the class of transformers that a configuration names.
  static func splitting(
    _ configuration: JSONObject?
  ) -> (pattern: PreTokenizerPattern, normalization: Normalization)? {
    configuration?["tokenizer_class"]?.string.flatMap { classes[$0] }
  }

  /// The class of transformers that splits text in this way.
  static func className(
    _ pattern: PreTokenizerPattern, _ normalization: Normalization
  ) -> String? {
    switch (pattern, normalization) {
    case (.gpt2, .none): "GPT2Tokenizer"
    case (.qwen2, .nfc): "Qwen2Tokenizer"
    default: nil
    }
  }

  /// The tokenizer of two files.
  ///
  /// - Parameters:
  ///   - vocabulary: The content of vocab.json, and its path.
  ///   - merges: The content of merges.txt, and its path.
  ///   - pipeline: How text is split.
  ///   - added: What is known of added tokens.
  ///   - configuration: tokenizer_config.json, if there is one.
  static func tokenizer(
    vocabulary: (bytes: [UInt8], path: String), merges: (bytes: [UInt8], path: String),
    pipeline: TokenizerPipeline, added: [AddedToken], configuration: JSONObject?
  ) throws(TokenizerError) -> Tokenizer {
    var lines: [Int] = []
    var list: [UInt8] = []
    var line = 0
    for text in merges.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    {
      line += 1
      let text = text.last == UInt8(ascii: "\r") ? text.dropLast() : text
      if text.isEmpty || text.starts(with: "#version".utf8) { continue }
      guard let merge = String(validating: text, as: UTF8.self) else {
        throw .malformedLine(path: merges.path, line: line, expected: "two tokens in UTF-8")
      }
      if !lines.isEmpty { list.append(UInt8(ascii: ",")) }
      appendJSONString(merge, to: &list)
      lines.append(line)
    }
    // What the two files say, as a tokenizer.json.
    var root = pipeline.json
    root["added_tokens"] = .array(added.map(\.json))
    var document = Array(root.serialized(pretty: false).dropLast())
    document += #","model":{"type":"BPE","vocab":"#.utf8
    document += vocabulary.bytes
    document += #","merges":["#.utf8
    document += list
    document += "]}}".utf8
    do throws(TokenizerError) {
      return try TokenizerJSONReader.tokenizer(
        from: document, path: vocabulary.path, configuration: configuration)
    } catch {
      switch error.cause {
      case .malformedMerge(let rank, _), .mergeOutOfVocabulary(let rank, _):
        throw error.cause.located(in: merges.path, line: lines[rank])
      default: throw error.located(in: vocabulary.path)
      }
    }
  }

  /// Sees to it that a vocab.json is an object, and finds the IDs of some tokens in it.
  static func ids(
    of names: Set<[UInt8]>, in bytes: [UInt8], path: String
  ) throws(TokenizerError) -> [[UInt8]: Int] {
    var reader = JSONReader(bytes)
    var ids: [[UInt8]: Int] = [:]
    do throws(JSONError) {
      try reader.beginObject()
      while let key = try reader.nextKey() {
        var name: [UInt8] = []
        if !names.isEmpty { reader.append(key, to: &name) }
        if names.contains(name), try reader.peek() == .number {
          ids[name] = try reader.readInt()
        } else {
          try reader.skipValue()
        }
      }
      try reader.finish()
    } catch {
      throw .json(path: path, error)
    }
    return ids
  }

  /// The tokens that a folder's other files call added or special.
  ///
  /// - Parameters:
  ///   - configuration: tokenizer_config.json.
  ///   - addedTokens: added_tokens.json.
  ///   - specialTokens: special_tokens_map.json.
  ///   - vocabulary: The content of vocab.json, and its path.
  static func addedTokens(
    configuration: JSONObject?, addedTokens: JSONObject?, specialTokens: JSONObject?,
    vocabulary: (bytes: [UInt8], path: String)
  ) throws(TokenizerError) -> [AddedToken] {
    var found: [TokenID: AddedToken] = [:]
    func check(_ id: Int?, _ member: String) throws(TokenizerError) -> TokenID {
      guard let id, (0...Int(TokenTable.maximumID)).contains(id) else {
        throw .malformed(member: member, expected: "an ID up to \(TokenTable.maximumID)")
      }
      return TokenID(id)
    }
    for (key, value) in configuration?["added_tokens_decoder"]?.object?.members ?? [] {
      let member = "added_tokens_decoder.\(key.shortened())"
      let id = try check(Int(key), member)
      guard let content = value["content"]?.string else {
        throw .malformed(member: member, expected: "an object with content")
      }
      func flag(_ key: String) -> Bool { value[key]?.bool ?? false }
      found[id] = AddedToken(
        content, id: id, isSpecial: flag("special"), isNormalized: flag("normalized"),
        stripsLeft: flag("lstrip"), stripsRight: flag("rstrip"), isSingleWord: flag("single_word"))
    }
    for (content, value) in addedTokens?.members ?? [] {
      let id = try check(value.int, "added_tokens.json: \(content.shortened())")
      if found[id] == nil { found[id] = AddedToken(content, id: id, isSpecial: false) }
    }
    var names: [String] = []
    for source in [specialTokens, configuration].compactMap(\.self) {
      for (key, value) in source.members
      where key.hasSuffix("_token") || key == "additional_special_tokens" {
        names += (value.array ?? [value]).compactMap { $0.string ?? $0["content"]?.string }
      }
    }
    let known = try ids(
      of: Set(names.map { Array($0.utf8) }), in: vocabulary.bytes, path: vocabulary.path)
    for name in names {
      if let id = found.first(where: { $0.value.content.utf8.elementsEqual(name.utf8) })?.key {
        found[id]!.isSpecial = true
      } else if let id = known[Array(name.utf8)] {
        let id = try check(id, "\(name.shortened())")
        found[id] = AddedToken(name, id: id)
      }
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
  }
}
