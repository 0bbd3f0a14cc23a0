internal import TesseraBasics

// The section `description` of a compiled tokenizer, a JSON object:
//
//   root           the members of tokenizer.json, with null for vocab and merges
//   configuration  tokenizer_config.json, or null
//   is_document    whether `root` was read from a file, and is to be written as it is
//   alphabet       bytes or characters
//   semantics      merges, merges_after_whole_pre_tokens or ranks
//   end_of_text    the ID of the token that ends a text, or null

/// Reads and writes compiled tokenizers.
enum CompiledFile {
  /// What the file is called in a folder.
  static let name = "tokenizer.tessera"
  /// The largest description that is read.
  private static let descriptionSizeLimit = 1 << 26

  /// Whether a file begins like a compiled tokenizer.
  static func isLikely(_ sample: [UInt8]) -> Bool { sample.starts(with: CompiledHeader.magic) }

  private static let alphabets: [(String, BPEAlphabet)] = [
    ("bytes", .bytes), ("characters", .characters),
  ]
  private static let semantics: [(String, MergeSemantics)] = [
    ("merges", .merges), ("merges_after_whole_pre_tokens", .mergesAfterWholePreTokens),
    ("ranks", .ranks),
  ]

  /// The bytes of a tokenizer's file. The same tokenizer always gives the same bytes.
  static func bytes(of tokenizer: Tokenizer) -> [UInt8] {
    let seed = HashSeed(of: tokenizer.tokens)
    var writer = CompiledWriter(seed: seed)
    var root = tokenizer.document?.root ?? TokenizerJSONWriter.newRoot(of: tokenizer)
    root["added_tokens"] = .array(tokenizer.addedTokens.map(\.json))
    let description: JSONValue = [
      "root": .object(root),
      "configuration": tokenizer.document?.configuration.map(JSONValue.object) ?? .null,
      "is_document": .bool(tokenizer.document != nil),
      "alphabet": .string(alphabets.first { $0.1 == tokenizer.model.alphabet }!.0),
      "semantics": .string(semantics.first { $0.1 == tokenizer.model.semantics }!.0),
      "end_of_text": tokenizer.endOfText.map { JSONValue($0) } ?? .null,
    ]
    writer.set(.description, description.serialized(pretty: false))
    writer.set(tokenizer.tokens.rehashed(with: seed))
    writer.set(BPEEngine(tokenizer.model, seed: seed))
    if let pieces = tokenizer.model.pieces { writer.set(pieces) }
    return writer.file()
  }

  /// The tokenizer of a file.
  static func tokenizer(at path: String) throws(TokenizerError) -> Tokenizer {
    do throws(TokenizerError) {
      return try tokenizer(from: CompiledReader(path: path))
    } catch {
      throw error.located(in: path)
    }
  }

  private static func tokenizer(from reader: CompiledReader) throws(TokenizerError) -> Tokenizer {
    let description = TokenizerPart(
      value: try description(in: reader), path: "description", kind: "description")
    guard let root = description.value["root"]?.object, let model = root["model"],
      let list = root["added_tokens"]?.array
    else { throw description.malformed("root", "an object with model and added_tokens") }
    let alphabet = try value(of: "alphabet", in: description, alphabets)
    let semantics = try value(of: "semantics", in: description, semantics)
    let pipeline = try TokenizerPipeline(root)
    guard alphabet == .characters ? semantics != .ranks : pipeline.endsInBytes else {
      throw description.malformed("alphabet", "one that goes with the pre_tokenizer")
    }
    var added: [AddedToken] = []
    for (index, value) in list.enumerated() {
      added.append(try AddedToken(value, member: "added_tokens[\(index)]"))
    }
    let tokens = try reader.tokens()
    let merges = try reader.merges(of: tokens)
    let pieces = try reader.pieces(of: tokens)
    let bpe = try BPEModel(
      tokens: tokens, merges: semantics == .ranks ? [] : merges, semantics: semantics,
      alphabet: alphabet,
      options: try BPEOptions(TokenizerPart(value: model, path: "model", kind: "model")),
      pieces: pieces)
    let configuration = description.value["configuration"]?.object
    let endOfText = description.value["end_of_text"]
    return try Tokenizer(
      model: bpe, pipeline: pipeline, addedTokens: added,
      endOfText: endOfText == nil || endOfText!.isNull
        ? nil
        : TokenID(try description.count("end_of_text", limit: Int(TokenTable.maximumID))),
      document: try description.flag("is_document")
        ? TokenizerDocument(root: root, configuration: configuration) : nil,
      engine: try reader.engine(of: bpe, merges))
  }

  private static func description(
    in reader: CompiledReader
  ) throws(TokenizerError) -> JSONValue {
    let size = reader.size(of: .description)
    guard size <= descriptionSizeLimit else {
      throw .tooMany(of: "bytes in the description", limit: descriptionSizeLimit)
    }
    do {
      return try JSONValue(parsing: reader.array(.description, of: UInt8.self))
    } catch let error as JSONError {
      throw .malformed(member: "the description", expected: "JSON: \(error)")
    } catch let error as TokenizerError {
      throw error
    } catch {
      preconditionFailure("no other error is thrown: \(error)")
    }
  }

  private static func value<Value>(
    of key: String, in part: TokenizerPart, _ values: [(String, Value)]
  ) throws(TokenizerError) -> Value {
    let name = try part.string(key)
    guard let found = values.first(where: { $0.0.utf8.elementsEqual(name.utf8) }) else {
      throw part.malformed(key, "one of " + values.map(\.0).joined(separator: ", "))
    }
    return found.1
  }
}

extension HashSeed {
  /// A seed that depends on tokens and on nothing else, so that a file of tables is always the same, and
  /// nobody can choose tokens whose hashes are alike without changing the hashes.
  fileprivate init(of tokens: TokenTable) {
    let bytes = StableHash.hash(of: tokens.bytes)
    self.init(
      first: bytes, second: StableHash.hash(of: tokens.bytes, seed: bytes ^ UInt64(tokens.count)))
  }
}
