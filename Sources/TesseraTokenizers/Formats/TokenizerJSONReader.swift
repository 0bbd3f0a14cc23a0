internal import TesseraBasics

// tokenizer.json, the file of Hugging Face's tokenizers:
//
//   added_tokens    content and flags; tokenizers gives IDs by its own rule, which is checked
//   normalizer, pre_tokenizer, truncation, post_processor, padding, decoder
//                   the parts of `TokenizerPipeline`, or null
//   model           BPE: vocab (`SpelledVocabulary`), merges (`SpelledMerges`), and options
//
// A vocabulary is one over bytes if text becomes the characters that stand for its bytes, as the
// last thing that happens to it, and if each byte has a token; then tokens are kept as bytes. Any
// other is one over characters, and is kept as it is spelled.

/// Reads one tokenizer.json.
struct TokenizerJSONReader {
  /// The largest file that is read: eight times the largest that is published, with room in memory
  /// for what its values take.
  static let sizeLimit = 1 << 28
  /// The most added tokens.
  static let addedTokenLimit = 1 << 16

  private var reader: JSONReader
  private var vocabulary = SpelledVocabulary()
  private var merges = SpelledMerges()
  /// Whether there are more added tokens than the limit.
  private var hasTooManyAddedTokens = false

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - bytes: The file's content.
  ///   - path: Its path, for errors.
  ///   - configuration: tokenizer_config.json beside it, if there is one.
  static func tokenizer(
    from bytes: [UInt8], path: String, configuration: JSONObject?
  ) throws(TokenizerError) -> Tokenizer {
    var reader = TokenizerJSONReader(reader: JSONReader(bytes))
    let root: JSONObject
    do throws(JSONError) {
      root = try reader.readRoot()
    } catch {
      throw .json(path: path, error)
    }
    if let error = reader.vocabulary.failure ?? reader.merges.failure { throw error }
    if reader.hasTooManyAddedTokens {
      throw .tooMany(of: "added tokens", limit: addedTokenLimit)
    }
    return try reader.tokenizer(root: root, path: path, configuration: configuration)
  }

  private init(reader: JSONReader) { self.reader = reader }

  // MARK: Parsing

  private mutating func readRoot() throws(JSONError) -> JSONObject {
    var members = JSONObject()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "model"), try reader.peek() == .object {
        members["model"] = .object(try readModel())
      } else if reader.matches(key, "added_tokens"), try reader.peek() == .array {
        members["added_tokens"] = try readAddedTokens()
      } else {
        members[reader.string(key)] = try reader.readValue()
      }
    }
    try reader.finish()
    return members
  }

  private mutating func readModel() throws(JSONError) -> JSONObject {
    var members = JSONObject()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      let name = reader.string(key)
      if name == "vocab", try reader.peek() == .object {
        vocabulary = try SpelledVocabulary(from: &reader)
        members[name] = .null
      } else if name == "merges", try reader.peek() == .array {
        merges = try SpelledMerges(from: &reader)
        members[name] = .null
      } else {
        members[name] = try reader.readValue()
      }
    }
    return members
  }

  private mutating func readAddedTokens() throws(JSONError) -> JSONValue {
    var list: [JSONValue] = []
    try reader.beginArray()
    while try reader.nextElement() {
      if list.count == Self.addedTokenLimit {
        hasTooManyAddedTokens = true
        try reader.skipValue()
      } else {
        list.append(try reader.readValue())
      }
    }
    return .array(list)
  }

  // MARK: Interpreting

  private mutating func tokenizer(
    root: JSONObject, path: String, configuration: JSONObject?
  ) throws(TokenizerError) -> Tokenizer {
    guard let model = root["model"]?.object else {
      throw .notATokenizer(path: path, found: "a JSON file without \"model\"")
    }
    let part = TokenizerPart(value: .object(model), path: "model", kind: "model")
    let options = try BPEOptions(part)
    let ignoresMerges = try BPEOptions.flag(part, "ignore_merges")
    let pipeline = try TokenizerPipeline(root)
    guard model["vocab"] == .null, model["merges"] == .null else {
      throw .malformed(
        member: model["vocab"] == .null ? "model.merges" : "model.vocab",
        expected: model["vocab"] == .null ? "a list" : "an object")
    }
    try fillVocabulary(pipeline, options)
    let added = try addedTokens(root["added_tokens"])
    let merges = try merges.resolved(
      in: vocabulary, from: reader, prefix: Array(options.continuingSubwordPrefix.utf8))
    let bpe = try BPEModel(
      tokens: vocabulary.tokens, merges: merges,
      semantics: ignoresMerges ? .mergesAfterWholePreTokens : .merges,
      alphabet: vocabulary.alphabet, options: options)
    return try Tokenizer(
      model: bpe, pipeline: pipeline, addedTokens: added,
      endOfText: endOfText(configuration, added),
      document: TokenizerDocument(root: root, configuration: configuration))
  }

  /// Decides what the vocabulary is made of, and fills the table of tokens.
  private mutating func fillVocabulary(
    _ pipeline: TokenizerPipeline, _ options: BPEOptions
  ) throws(TokenizerError) {
    let hasAffixes = !options.continuingSubwordPrefix.isEmpty || !options.endOfWordSuffix.isEmpty
    try vocabulary.fill(
      with: pipeline.endsInBytes && !hasAffixes ? .bytes : .characters, from: reader)
    // Text with bytes that no token stands for becomes the unknown token.
    if vocabulary.alphabet == .bytes, options.unknownToken != nil,
      (UInt8.min...UInt8.max).contains(where: { vocabulary.tokens.id(of: [$0]) == nil })
    {
      try vocabulary.fill(with: .characters, from: reader)
    }
  }

  /// The token that tokenizer_config.json calls `eos_token`.
  private func endOfText(_ configuration: JSONObject?, _ added: [AddedToken]) -> TokenID? {
    let member = configuration?["eos_token"]
    guard let name = member?.string ?? member?["content"]?.string else { return nil }
    return added.first { Array($0.content.utf8) == Array(name.utf8) }?.id
      ?? vocabulary.id(spelled: Array(name.utf8))
  }

  private func addedTokens(_ member: JSONValue?) throws(TokenizerError) -> [AddedToken] {
    guard let member, !member.isNull else { return [] }
    guard let list = member.array else {
      throw .malformed(member: "added_tokens", expected: "a list")
    }
    var added: [AddedToken] = []
    var assigner = AddedTokenNumbering(entryCount: vocabulary.entryCount)
    for (index, value) in list.enumerated() {
      let token = try AddedToken(value, member: "added_tokens[\(index)]")
      let assigned = assigner.next(known: vocabulary.id(spelled: Array(token.content.utf8)))
      guard assigned == token.id else {
        throw .addedTokenMoved(token.content, stated: token.id, assigned: assigned)
      }
      added.append(token)
    }
    return added
  }
}
