internal import TesseraBasics

extension Tokenizer {
  /// Reads a tokenizer: a folder with tokenizer.json, a tokenizer.json, or a rank file.
  ///
  /// - Parameters:
  ///   - path: The folder or file. A rank file's name ends in `.tiktoken`.
  ///   - pattern: How text is split, for rank files that do not have a published name.
  /// - Throws: ``TokenizerError`` for what cannot be read, is malformed, or cannot be reproduced
  ///   exactly.
  public init(
    contentsOf path: String, pattern: PreTokenizerPattern? = nil
  ) throws(TokenizerError) {
    if Path.isDirectory(path) {
      let file = Path.join(path, "tokenizer.json")
      guard Path.exists(file) else {
        throw .notATokenizer(path: path, found: "a folder without tokenizer.json")
      }
      self = try Self.reading(tokenizerJSON: file, configuration: Self.configuration(in: path))
    } else if path.hasSuffix(".tiktoken") {
      self = try Self.reading(rankFile: path, pattern: pattern)
    } else {
      let folder = Path.directory(of: path)
      let isInFolder = Path.lastComponent(of: path) == "tokenizer.json"
      self = try Self.reading(
        tokenizerJSON: path, configuration: isInFolder ? Self.configuration(in: folder) : nil)
    }
  }

  private static func reading(
    tokenizerJSON path: String, configuration: JSONObject?
  ) throws(TokenizerError) -> Tokenizer {
    let bytes = try read(path, limit: TokenizerJSONReader.sizeLimit)
    do throws(TokenizerError) {
      return try TokenizerJSONReader.tokenizer(
        from: bytes, path: path, configuration: configuration)
    } catch {
      throw error.located(in: path)
    }
  }

  private static func reading(
    rankFile path: String, pattern: PreTokenizerPattern?
  ) throws(TokenizerError) -> Tokenizer {
    let published = PublishedEncoding(fileName: Path.lastComponent(of: path))
    guard let pattern = pattern ?? published?.pattern else { throw .missingPattern(path: path) }
    let bytes = try read(path, limit: RankFile.sizeLimit)
    let tokens = try RankFile.tokens(from: bytes, path: path)
    do throws(TokenizerError) {
      for (content, id) in published?.special ?? [] {
        guard let other = tokens.bytes(of: id), Array(other) != Array(content.utf8) else {
          continue
        }
        throw .duplicateID(id, first: TokenizerError.text(of: other.span), second: content)
      }
      return try Tokenizer(
        model: BPEModel(tokens: tokens, merges: [], semantics: .ranks), pattern: pattern,
        addedTokens: (published?.special ?? []).map { AddedToken($0.content, id: $0.id) })
    } catch {
      throw error.located(in: path)
    }
  }

  /// The largest tokenizer_config.json that is read.
  private static let configurationSizeLimit = 1 << 24

  private static func configuration(in folder: String) throws(TokenizerError) -> JSONObject? {
    let path = Path.join(folder.isEmpty ? "." : folder, "tokenizer_config.json")
    guard Path.exists(path) else { return nil }
    let bytes = try read(path, limit: configurationSizeLimit)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw .json(path: path, error)
    }
    guard let object = value.object else {
      throw .inFile(
        path: path, line: nil, .malformed(member: "the top level", expected: "an object"))
    }
    return object
  }

  private static func read(_ path: String, limit: Int) throws(TokenizerError) -> [UInt8] {
    do throws(FileError) {
      return try readFile(path, limit: limit)
    } catch {
      throw .file(error)
    }
  }

  /// Writes the tokenizer's files into a folder that exists.
  ///
  /// tokenizer.json and tokenizer_config.json are for tokenizers and transformers.
  /// tokenizer.tiktoken is written where ranks alone say what the merges say: each merge makes a
  /// new token, in order of their IDs, and each token is what its own bytes are merged to.
  ///
  /// - Returns: The names of the files.
  @discardableResult
  public func write(toDirectory directory: String) throws(TokenizerError) -> [String] {
    let document = TokenizerJSONWriter(self)
    var files = [
      ("tokenizer.json", document.tokenizerJSON()),
      ("tokenizer_config.json", document.configurationJSON()),
    ]
    let added = Set(addedTokens.map(\.id))
    if model.agreesWithRanks(without: added) {
      files.append(("tokenizer.tiktoken", RankFile.bytes(of: tokens, without: added)))
    }
    do throws(FileError) {
      for (name, bytes) in files { try writeFile(Path.join(directory, name), bytes) }
    } catch {
      throw .file(error)
    }
    return files.map(\.0)
  }

  /// The content of tokenizer.json.
  public func tokenizerJSON() -> [UInt8] { TokenizerJSONWriter(self).tokenizerJSON() }
}
