internal import TesseraBasics

// tekken.json, Mistral's file:
//
//   config          pattern, default_vocab_size, default_num_special_tokens
//   vocab           objects with rank, token_bytes (base64) and token_str, in order of their ranks
//   special_tokens  objects with rank and token_str; missing in files before version 8
//
// Special tokens have the first IDs. An ID is a rank and the number of special tokens, and only as many
// of the vocabulary are used as default_vocab_size leaves room for.

/// Reads tekken.json.
struct TekkenFile {
  /// The largest file that is read.
  static let sizeLimit = 1 << 28

  /// The special tokens of files that do not name theirs.
  private static let defaultSpecialTokens = [
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]",
    "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
  ]

  private var config: JSONValue?
  private var specialTokens: JSONValue?
  private var vocabulary: [(rank: Int, bytes: JSONString)]?
  private var reader: JSONReader
  /// What is wrong with the shape of the vocabulary.
  private var failure: TokenizerError?

  /// The tokenizer of a file.
  static func tokenizer(from bytes: [UInt8], path: String) throws(TokenizerError) -> Tokenizer {
    var file = TekkenFile(reader: JSONReader(bytes))
    do throws(JSONError) {
      try file.read()
    } catch {
      throw .json(path: path, error)
    }
    return try file.tokenizer()
  }

  private init(reader: JSONReader) { self.reader = reader }

  private mutating func read() throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "config") {
        config = try reader.readValue()
      } else if reader.matches(key, "special_tokens") {
        specialTokens = try reader.readValue()
      } else if reader.matches(key, "vocab"), try reader.peek() == .array {
        try readVocabulary()
      } else {
        try reader.skipValue()
      }
    }
    try reader.finish()
  }

  private mutating func readVocabulary() throws(JSONError) {
    var entries: [(rank: Int, bytes: JSONString)] = []
    try reader.beginArray()
    while try reader.nextElement() {
      var rank: Int?
      var bytes: JSONString?
      if try reader.peek() == .object, failure == nil {
        try reader.beginObject()
        while let key = try reader.nextKey() {
          if reader.matches(key, "rank"), try reader.peek() == .number {
            rank = try reader.readInt()
          } else if reader.matches(key, "token_bytes"), try reader.peek() == .string {
            bytes = try reader.readString()
          } else {
            try reader.skipValue()
          }
        }
      } else {
        try reader.skipValue()
      }
      if let rank, let bytes {
        entries.append((rank, bytes))
      } else if failure == nil {
        failure = .malformed(
          member: "vocab[\(entries.count)]", expected: "an object with rank and token_bytes")
      }
    }
    vocabulary = entries
  }

  private func tokenizer() throws(TokenizerError) -> Tokenizer {
    if let failure { throw failure }
    guard let config, config.object != nil else {
      throw .malformed(member: "config", expected: "an object")
    }
    guard let vocabulary else { throw .malformed(member: "vocab", expected: "a list") }
    let part = TokenizerPart(value: config, path: "config", kind: "config")
    let limit = Int(TokenTable.maximumID) + 1
    let size = try part.count("default_vocab_size", limit: limit)
    let specialCount = try part.count(
      "default_num_special_tokens", limit: min(size, TokenizerJSONReader.addedTokenLimit))
    guard size - specialCount <= vocabulary.count else {
      throw .malformed(
        member: "config.default_vocab_size",
        expected: "at most \(vocabulary.count + specialCount), as many tokens as there are")
    }
    let pattern = try PreTokenizerPattern(tiktokenExpression: try part.string("pattern"))
    var tokens = TokenTable()
    tokens.reserveCapacity(size, bytes: size * 8)
    var token: [UInt8] = []
    var text: [UInt8] = []
    for (index, entry) in vocabulary.prefix(size - specialCount).enumerated() {
      guard entry.rank == index else {
        throw .malformed(
          member: "vocab[\(index)].rank", expected: "\(index): ranks are in order, without gaps")
      }
      token.removeAll(keepingCapacity: true)
      text.removeAll(keepingCapacity: true)
      reader.append(entry.bytes, to: &text)
      guard Base64.decode(text[...], to: &token) else {
        throw .malformed(member: "vocab[\(index)].token_bytes", expected: "a token in base64")
      }
      try tokens.insert(token.span, id: TokenID(specialCount + index))
    }
    return try Tokenizer(
      model: BPEModel(tokens: tokens, merges: [], semantics: .ranks), pattern: pattern,
      addedTokens: try addedTokens(count: specialCount))
  }

  private func addedTokens(count: Int) throws(TokenizerError) -> [AddedToken] {
    var contents: [String?] = Array(repeating: nil, count: count)
    func set(_ content: String, _ rank: Int, _ member: String) throws(TokenizerError) {
      guard contents.indices.contains(rank), contents[rank] == nil else {
        throw .malformed(
          member: member, expected: "a rank of its own below the \(count) of special tokens")
      }
      contents[rank] = content
    }
    if let specialTokens, !specialTokens.isNull {
      guard let list = specialTokens.array else {
        throw .malformed(member: "special_tokens", expected: "a list")
      }
      for (index, value) in list.enumerated() {
        let member = "special_tokens[\(index)]"
        guard let rank = value["rank"]?.int, let content = value["token_str"]?.string else {
          throw .malformed(member: member, expected: "an object with rank and token_str")
        }
        try set(content, rank, "\(member).rank")
      }
    } else {
      for (rank, content) in Self.defaultSpecialTokens.enumerated() {
        try set(content, rank, "config.default_num_special_tokens")
      }
    }
    return contents.enumerated().map { id, content in
      AddedToken(content ?? "<SPECIAL_\(id)>", id: TokenID(id))
    }
  }
}
