internal import TesseraBasics

// vocab.json and merges.txt, GPT-2's two files:
//
//   vocab.json   an object: tokens as the byte alphabet spells them, with their IDs
//   merges.txt   a line for each merge, two tokens and a space between; lines that begin with
//                #version are left out
//
// How text is split is in tokenizer_config.json if anywhere: the tokenizer's class and
// `add_prefix_space`. Which tokens are added and special, `NamedAddedTokens` finds out.

/// Reads and writes vocab.json with merges.txt.
enum VocabularyFiles {
  static let vocabularyName = "vocab.json"
  static let mergesName = "merges.txt"
  static let configurationName = "tokenizer_config.json"
  static let addedTokensName = "added_tokens.json"
  static let specialTokensName = "special_tokens_map.json"
  /// All of them.
  static let names = [
    vocabularyName, mergesName, configurationName, addedTokensName, specialTokensName,
  ]
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

  /// Sees to it that a vocab.json is an object, counts its entries, and finds the IDs of some tokens.
  static func ids(
    of names: Set<[UInt8]>, in bytes: [UInt8], path: String
  ) throws(TokenizerError) -> (ids: [[UInt8]: Int], entryCount: Int) {
    var reader = JSONReader(bytes)
    var ids: [[UInt8]: Int] = [:]
    var entryCount = 0
    do throws(JSONError) {
      try reader.beginObject()
      while let key = try reader.nextKey() {
        entryCount += 1
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
    return (ids, entryCount)
  }
}
