internal import TesseraBasics

// What of a tokenizer each format can say. Whatever would change the tokens of a text is refused by its
// name: a file that is written gives the same IDs where its format is read.

extension Tokenizer {
  /// A tokenizer as the files of a format.
  ///
  /// | format | files |
  /// | --- | --- |
  /// | ``TokenizerFormat/huggingFace`` | tokenizer.json, tokenizer_config.json |
  /// | ``TokenizerFormat/tiktoken`` | tokenizer.tiktoken, tokenizer.tiktoken.json |
  /// | ``TokenizerFormat/vocabularyAndMerges`` | vocab.json, merges.txt, tokenizer_config.json |
  /// | ``TokenizerFormat/compiled`` | tokenizer.tessera |
  ///
  /// - Parameter format: The format; SentencePiece models and tekken.json are not written.
  /// - Returns: Names and contents.
  /// - Throws: ``TokenizerError/notExpressible(format:part:advice:)`` with what the format cannot say.
  public func files(
    in format: TokenizerFormat
  ) throws(TokenizerError) -> [(name: String, bytes: [UInt8])] {
    switch format {
    case .huggingFace:
      let writer = TokenizerJSONWriter(try expressedForTokenizers())
      return [
        ("tokenizer.json", writer.tokenizerJSON()),
        ("tokenizer_config.json", writer.configurationJSON()),
      ]
    case .tiktoken: return try rankFiles()
    case .vocabularyAndMerges: return try vocabularyFiles()
    case .compiled: return [(CompiledFile.name, CompiledFile.bytes(of: self))]
    case .sentencePiece, .tekken:
      throw .notExpressible(
        format: format, part: "any tokenizer", advice: "files of this format are only read")
    }
  }

  /// Sees to it that a format can say what the tokenizer does.
  ///
  /// For callers that have a long way to go until they write it.
  ///
  /// - Throws: ``TokenizerError/notExpressible(format:part:advice:)`` as ``files(in:)`` does.
  public func checkExpressible(in format: TokenizerFormat) throws(TokenizerError) {
    _ = try files(in: format)
  }

  /// The steps that a vocabulary over bytes is split by, without options that only tokenizer.json has.
  private func plainSteps(
    _ format: TokenizerFormat
  ) throws(TokenizerError) -> ByteLevelSteps {
    guard model.alphabet == .bytes else {
      throw .notExpressible(
        format: format, part: "a vocabulary over characters",
        advice: "its tokens are bytes; use --to huggingface or --to compiled")
    }
    guard model.options.dropout == 0 else {
      throw .notExpressible(
        format: format, part: "dropout", advice: "set it to null in tokenizer.json")
    }
    guard let byteLevel = steps.byteLevel else {
      throw .notExpressible(
        format: format, part: "the normalizer or the pre_tokenizer",
        advice: "it knows one pattern and no other step; use --to huggingface or --to compiled")
    }
    return byteLevel
  }

  // MARK: Ranks

  private func rankFiles() throws(TokenizerError) -> [(name: String, bytes: [UInt8])] {
    let byteLevel = try plainSteps(.tiktoken)
    let omitted = Set(addedTokens.map(\.id))
    func refusal(_ part: String, _ advice: String) -> TokenizerError {
      .notExpressible(format: .tiktoken, part: part, advice: advice)
    }
    guard byteLevel.normalization == .none else {
      throw refusal("the normalization \(byteLevel.normalization)", "tiktoken takes text as it is")
    }
    guard !byteLevel.addsPrefixSpace else {
      throw refusal("add_prefix_space", "tiktoken takes text as it is")
    }
    guard let expression = byteLevel.pattern.tiktokenExpression else {
      throw refusal(
        "the pattern \(byteLevel.pattern.rawValue)", "it is not one regular expression")
    }
    for token in addedTokens {
      let name = "the added token \"\(token.content.shortened())\""
      guard token.isSpecial else { throw refusal(name, "tiktoken has special tokens only") }
      guard !token.stripsLeft, !token.stripsRight, !token.isSingleWord else {
        throw refusal(name, "tiktoken has no lstrip, rstrip and single_word")
      }
      let isBeginning = addedTokens.contains {
        $0.id != token.id && Array($0.content.utf8).starts(with: token.content.utf8)
      }
      if isBeginning {
        throw refusal(name, "another one begins with it, and tiktoken finds either of the two")
      }
    }
    guard model.agreesWithRanks(without: omitted) else {
      throw refusal(
        "the merges", "the ranks of their tokens alone do not say in which order pairs are merged")
    }
    let name = "tokenizer.tiktoken"
    return [
      (name, RankFile.bytes(of: tokens, without: omitted)),
      (
        EncodingFile.path(beside: name),
        EncodingFile.bytes(
          name: "tokenizer", expression: expression, specialTokens: addedTokens)
      ),
    ]
  }

  // MARK: Vocabulary and merges

  private func vocabularyFiles() throws(TokenizerError) -> [(name: String, bytes: [UInt8])] {
    let byteLevel = try plainSteps(.vocabularyAndMerges)
    func refusal(_ part: String, _ advice: String) -> TokenizerError {
      .notExpressible(format: .vocabularyAndMerges, part: part, advice: advice)
    }
    guard
      let className = VocabularyFiles.className(byteLevel.pattern, byteLevel.normalization)
    else {
      throw refusal(
        "the pattern \(byteLevel.pattern.rawValue)"
          + (byteLevel.normalization == .none ? "" : " with \(byteLevel.normalization)"),
        "the files do not say how text is split, and their readers know gpt2, and qwen2 with nfc")
    }
    if let other = model.tokenBeyondMerges(without: Set(addedTokens.map(\.id))),
      model.semantics != .merges
    {
      throw refusal(
        "the token \(other)", "no merges make it, and readers do not look for whole words")
    }
    let writer = TokenizerJSONWriter(self)
    return [
      (VocabularyFiles.vocabularyName, writer.vocabularyJSON()),
      (VocabularyFiles.mergesName, try mergesText()),
      (
        "tokenizer_config.json",
        writer.configurationJSON(className: className, addsPrefixSpace: addsPrefixSpace)
      ),
    ]
  }

  /// The content of merges.txt.
  private func mergesText() throws(TokenizerError) -> [UInt8] {
    let list = model.semantics == .ranks ? RankMerges.list(of: tokens) : merges
    var output = Array("#version: 0.2\n".utf8)
    for (rank, merge) in list.enumerated() {
      let parts = [merge.left, merge.right].map { modelSpelling(of: $0) ?? [] }
      guard parts.allSatisfy({ !$0.contains(UInt8(ascii: " ")) && !$0.contains(0x0A) }),
        !parts[0].starts(with: "#version".utf8)
      else {
        throw .notExpressible(
          format: .vocabularyAndMerges, part: "merge \(rank)",
          advice: "a line is two tokens without spaces, and does not begin with #version")
      }
      output += parts[0] + [UInt8(ascii: " ")] + parts[1] + [0x0A]
    }
    return output
  }
}
