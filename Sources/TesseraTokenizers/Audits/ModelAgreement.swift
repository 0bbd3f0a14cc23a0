internal import TesseraBasics

// What the other files of a model directory say about its tokens:
//
//   config.json             vocab_size (also in text_config), bos_token_id, eos_token_id, pad_token_id
//   generation_config.json  bos_token_id, eos_token_id, pad_token_id
//   tokenizer_config.json   vocab_size, bos_token, eos_token, pad_token, unk_token,
//                           added_tokens_decoder
//
// An ID is a number, a list of them, or null; a token is its text, an object with "content", or null.

extension Tokenizer {
  /// Looks for everything that can be wrong with a tokenizer, by itself and beside the other files of
  /// its model.
  ///
  /// - Parameter directory: The folder with `config.json`, `generation_config.json` and
  ///   `tokenizer_config.json`, as far as they are there.
  /// - Throws: ``TokenizerError`` for a file that cannot be read, and after a signal
  ///   ``TokenizerError/interrupted``.
  public func audit(besideFilesIn directory: String) throws(TokenizerError) -> [AuditResult] {
    try audit() + [agreement(withFilesIn: directory)]
  }

  /// Where the tokenizer and the other files of its model do not agree: too few rows, IDs that no token
  /// has, and special tokens that are one thing here and another there.
  ///
  /// - Parameter directory: The folder with the files, as far as they are there.
  /// - Throws: ``TokenizerError`` for a file that cannot be read.
  public func agreement(withFilesIn directory: String) throws(TokenizerError) -> AuditResult {
    let files = try ModelFiles(directory)
    var check = AgreementCheck(self)
    if files.names.isEmpty {
      check.result.remark = "there is no other file that tells of tokens"
      return check.result
    }
    check.result.remark = "compared with \(files.names.joined(separator: ", "))"
    check.checkSizes(files)
    for role in ["bos", "eos", "pad", "unk"] { check.checkRole(role, files) }
    check.checkDecoder(files.tokenizer)
    return check.result
  }
}

/// The files beside a tokenizer.
private struct ModelFiles {
  static let configurationName = "config.json"
  static let generationName = "generation_config.json"
  static let tokenizerName = "tokenizer_config.json"
  /// The largest file that is read.
  private static let sizeLimit = 1 << 24

  let configuration: JSONObject?
  let generation: JSONObject?
  let tokenizer: JSONObject?

  init(_ directory: String) throws(TokenizerError) {
    configuration = try Self.read(Self.configurationName, in: directory)
    generation = try Self.read(Self.generationName, in: directory)
    tokenizer = try Self.read(Self.tokenizerName, in: directory)
  }

  /// The names of the files that are there.
  var names: [String] {
    [
      (Self.configurationName, configuration), (Self.generationName, generation),
      (Self.tokenizerName, tokenizer),
    ].compactMap { $0.1 == nil ? nil : $0.0 }
  }

  private static func read(
    _ name: String, in directory: String
  ) throws(TokenizerError) -> JSONObject? {
    let path = Path.join(directory.isEmpty ? "." : directory, name)
    guard Path.exists(path) else { return nil }
    let bytes: [UInt8]
    do { bytes = try readFile(path, limit: sizeLimit) } catch { throw .file(error) }
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch { throw .json(path: path, error) }
    guard let object = value.object else {
      throw .inFile(
        path: path, line: nil, .malformed(member: "the top level", expected: "an object"))
    }
    return object
  }
}

/// Collects what does not agree.
private struct AgreementCheck {
  let tokenizer: Tokenizer
  var result: AuditResult

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    result = AuditResult(
      "disagreements with the model", .fault, examined: tokenizer.vocabularySize)
  }

  mutating func checkSizes(_ files: ModelFiles) {
    let needed = tokenizer.vocabularySize
    let stated: [(String, JSONValue?)] = [
      ("config.json says vocab_size", files.configuration?["vocab_size"]),
      (
        "config.json says text_config.vocab_size",
        files.configuration?["text_config"]?["vocab_size"]
      ),
      ("tokenizer_config.json says vocab_size", files.tokenizer?["vocab_size"]),
    ]
    for (place, value) in stated {
      guard let value, !value.isNull else { continue }
      guard let size = value.int else {
        result.add("\(place), and no number")
        continue
      }
      // The number of a tokenizer's own file may leave added tokens out.
      let least = place.hasPrefix("tokenizer") ? tokenizer.tokens.idBound : needed
      if size < least {
        result.add("\(place) \(size), and the tokenizer has IDs up to \(needed - 1)")
      } else if place.hasPrefix("config") {
        result.remark = (result.remark ?? "") + "; \(size - needed) padded rows"
      }
    }
  }

  /// Compares what the files say of one kind of special token.
  mutating func checkRole(_ role: String, _ files: ModelFiles) {
    let key = "\(role)_token_id"
    let configured = ids(files.configuration?[key], "config.json: \(key)")
    let generated = ids(files.generation?[key], "generation_config.json: \(key)")
    if !configured.isEmpty, !generated.isEmpty, Set(configured).isDisjoint(with: generated) {
      result.add(
        about: TokenID(exactly: generated[0]),
        "\(key) is \(Self.list(configured)) in config.json and \(Self.list(generated)) in "
          + "generation_config.json")
    }
    guard let member = files.tokenizer?["\(role)_token"],
      let content = member.string ?? member["content"]?.string
    else { return }
    guard let id = id(ofSpecial: content) else {
      result.add(
        "the \(role)_token \"\(content.shortened())\" of tokenizer_config.json is no token")
      return
    }
    let all = configured + generated
    if !all.isEmpty, !all.contains(Int(id)) {
      let name = tokenizer.name(of: id)
      result.add(
        about: id,
        "the \(role)_token of tokenizer_config.json is \(name), and \(key) is "
          + "\(Self.list(all)) in the model's configuration")
    }
  }

  /// Compares `added_tokens_decoder` with the tokens.
  mutating func checkDecoder(_ configuration: JSONObject?) {
    for (key, value) in configuration?["added_tokens_decoder"]?.object?.members ?? [] {
      guard let id = TokenID(key), let content = value["content"]?.string else {
        result.add(
          "added_tokens_decoder of tokenizer_config.json has \"\(key.shortened())\", and no ID "
            + "with content")
        continue
      }
      let found = tokenizer.addedTokens.first { $0.id == id }?.content
      if found.map({ Array($0.utf8) }) != Array(content.utf8) {
        result.add(
          about: id,
          "added_tokens_decoder of tokenizer_config.json says that token \(id) is "
            + "\"\(content.shortened())\", and it is "
            + (found.map { "\"\($0.shortened())\"" } ?? "no added token"))
      }
    }
  }

  /// The IDs in a file; those without a token are findings.
  private mutating func ids(_ value: JSONValue?, _ place: String) -> [Int] {
    guard let value, !value.isNull else { return [] }
    let values = value.array ?? [value]
    let ids = values.compactMap(\.int)
    if ids.count < values.count { result.add("\(place) is neither a number nor a list of them") }
    for id in ids where TokenID(exactly: id).flatMap({ tokenizer.bytes(of: $0) }) == nil {
      result.add(about: TokenID(exactly: id), "\(place) is \(id), and there is no such token")
    }
    return ids
  }

  private func id(ofSpecial content: String) -> TokenID? {
    let bytes = Array(content.utf8)
    return tokenizer.addedTokens.first { Array($0.content.utf8) == bytes }?.id
      ?? tokenizer.tokens.id(of: bytes)
  }

  private static func list(_ ids: [Int]) -> String {
    ids.map { String($0) }.joined(separator: ", ")
  }
}
