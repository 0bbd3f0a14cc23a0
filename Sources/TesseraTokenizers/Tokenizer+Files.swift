internal import TesseraBasics

extension Tokenizer {
  /// Reads a tokenizer: a folder with one, or a file of any ``TokenizerFormat``.
  ///
  /// A folder may hold tokenizer.json, tokenizer.tessera, tekken.json, tokenizer.model, vocab.json
  /// with merges.txt, or tokenizer.tiktoken; the first one of these is read. Files are recognized by
  /// what they hold.
  ///
  /// - Parameters:
  ///   - path: The folder or file. Of vocab.json and merges.txt, either; both are read.
  ///   - pattern: How text is split, for files that do not say it: rank files without a published
  ///     name and a file beside them, and vocab.json without tokenizer_config.json.
  /// - Throws: ``TokenizerError`` for what cannot be read, is malformed, or cannot be reproduced
  ///   exactly.
  public init(
    contentsOf path: String, pattern: PreTokenizerPattern? = nil
  ) throws(TokenizerError) {
    let file = try TokenizerFile(at: path)
    let folder = Path.directory(of: file.path)
    switch file.format {
    case .huggingFace:
      let isInFolder = Path.lastComponent(of: file.path) == "tokenizer.json"
      self = try Self.reading(
        tokenizerJSON: file.path, configuration: isInFolder ? Self.configuration(in: folder) : nil)
    case .tiktoken: self = try Self.reading(rankFile: file.path, pattern: pattern)
    case .vocabularyAndMerges:
      self = try Self.reading(vocabularyIn: folder, pattern: pattern)
    case .sentencePiece:
      let bytes = try Self.read(file.path, limit: SentencePieceImport.sizeLimit)
      do throws(TokenizerError) {
        self = try SentencePieceImport.tokenizer(from: bytes)
      } catch {
        throw error.located(in: file.path)
      }
    case .tekken:
      let bytes = try Self.read(file.path, limit: TekkenFile.sizeLimit)
      do throws(TokenizerError) {
        self = try TekkenFile.tokenizer(from: bytes, path: file.path)
      } catch {
        throw error.located(in: file.path)
      }
    case .compiled: self = try CompiledFile.tokenizer(at: file.path)
    }
  }

  private static func reading(
    vocabularyIn folder: String, pattern: PreTokenizerPattern?
  ) throws(TokenizerError) -> Tokenizer {
    let vocabularyPath = Path.join(folder, VocabularyFiles.vocabularyName)
    let mergesPath = Path.join(folder, VocabularyFiles.mergesName)
    let configuration = try configuration(in: folder)
    let known = VocabularyFiles.splitting(configuration)
    guard let pattern = pattern ?? known?.pattern else {
      throw .missingPattern(path: vocabularyPath)
    }
    let vocabulary = (
      bytes: try read(vocabularyPath, limit: VocabularyFiles.sizeLimit), path: vocabularyPath
    )
    let merges = (bytes: try read(mergesPath, limit: VocabularyFiles.sizeLimit), path: mergesPath)
    let named = NamedAddedTokens(
      configuration: configuration,
      addedTokens: try object(VocabularyFiles.addedTokensName, in: folder),
      specialTokens: try object(VocabularyFiles.specialTokensName, in: folder))
    return try VocabularyFiles.tokenizer(
      vocabulary: vocabulary, merges: merges,
      pipeline: TokenizerPipeline(
        pattern: pattern, normalization: known?.normalization ?? .none,
        addsPrefixSpace: configuration?["add_prefix_space"]?.bool ?? false),
      added: try named.tokens(vocabulary: vocabulary),
      configuration: named.configurationWithRoles)
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
    let known: EncodingFile?
    let besidePath = EncodingFile.path(beside: path)
    if let published = PublishedEncoding(fileName: Path.lastComponent(of: path)) {
      known = EncodingFile(
        pattern: published.pattern,
        specialTokens: published.special.map { AddedToken($0.content, id: $0.id) })
    } else if Path.exists(besidePath) {
      let bytes = try read(besidePath, limit: EncodingFile.sizeLimit)
      do throws(TokenizerError) {
        known = try EncodingFile(bytes, path: besidePath)
      } catch {
        throw error.located(in: besidePath)
      }
    } else {
      known = nil
    }
    guard let pattern = pattern ?? known?.pattern else { throw .missingPattern(path: path) }
    let bytes = try read(path, limit: RankFile.sizeLimit)
    let tokens = try RankFile.tokens(from: bytes, path: path)
    let special = known?.specialTokens ?? []
    do throws(TokenizerError) {
      for token in special {
        guard let other = tokens.bytes(of: token.id), Array(other) != Array(token.content.utf8)
        else { continue }
        throw .duplicateID(
          token.id, first: TokenizerError.text(of: other.span), second: token.content)
      }
      return try Tokenizer(
        model: BPEModel(tokens: tokens, merges: [], semantics: .ranks), pattern: pattern,
        addedTokens: special)
    } catch {
      throw error.located(in: path)
    }
  }

  /// The largest tokenizer_config.json, added_tokens.json or special_tokens_map.json that is read.
  private static let configurationSizeLimit = 1 << 24

  private static func configuration(in folder: String) throws(TokenizerError) -> JSONObject? {
    try object(VocabularyFiles.configurationName, in: folder)
  }

  /// The object in a small JSON file, if there is such a file.
  private static func object(
    _ name: String, in folder: String
  ) throws(TokenizerError) -> JSONObject? {
    let path = Path.join(folder.isEmpty ? "." : folder, name)
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
  /// - Throws: ``TokenizerError/notExpressible(format:part:advice:)`` where tokenizers cannot do what
  ///   this tokenizer does, and ``TokenizerError/file(_:)``.
  @discardableResult
  public func write(toDirectory directory: String) throws(TokenizerError) -> [String] {
    var files = try files(in: .huggingFace)
    let added = Set(addedTokens.map(\.id))
    if model.agreesWithRanks(without: added) {
      files.append(("tokenizer.tiktoken", RankFile.bytes(of: tokens, without: added)))
    }
    do throws(FileError) {
      for (name, bytes) in files { try writeFile(Path.join(directory, name), bytes) }
    } catch {
      throw .file(error)
    }
    return files.map(\.name)
  }

  /// The content of tokenizer.json; what only SentencePiece does is in it as it is here, and
  /// tokenizers cannot read that: see ``files(in:)``.
  public func tokenizerJSON() -> [UInt8] { TokenizerJSONWriter(self).tokenizerJSON() }
}
