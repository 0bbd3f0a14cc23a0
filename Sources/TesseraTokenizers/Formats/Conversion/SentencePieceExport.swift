internal import TesseraBasics

// A SentencePiece model in the parts of tokenizers.
//
//   sentencepiece                        tokenizers
//   remove_extra_whitespaces             Replace of spaces at both ends, and of several by one
//   add_dummy_prefix                     Prepend
//   escape_whitespaces                   Replace
//   scores                               merges, those of greater scores first
//   user-defined pieces                  Split at them, and `ignore_merges`, so that each is its token
//   unknown text                         `byte_fallback`, or `unk_token` with `fuse_unk`
//
// Control pieces become special tokens; tokenizers finds them in text unless `encode_special_tokens` is
// set, sentencepiece never does.

extension Tokenizer {
  /// The same tokenizer in parts that tokenizers has; itself where there are no others.
  ///
  /// - Throws: ``TokenizerError/notExpressible(format:part:advice:)``.
  func expressedForTokenizers() throws(TokenizerError) -> Tokenizer {
    let isNative =
      pipeline.normalizer?.steps.contains { if case .sentencePiece = $0 { true } else { false } }
    guard isNative == true || model.pieces != nil else { return self }
    func refusal(_ part: String, _ advice: String) -> TokenizerError {
      .notExpressible(format: .huggingFace, part: part, advice: "\(advice); use --to compiled")
    }
    guard case .sentencePiece(let normalizer) = pipeline.normalizer, let pieces = model.pieces
    else {
      throw refusal(
        "a normalizer of SentencePiece with another vocabulary, or the other way round",
        "only a whole model is known in other parts")
    }
    guard normalizer.characterMap == nil else {
      throw refusal(
        "precompiled_charsmap",
        "tokenizers replaces grapheme clusters where sentencepiece replaces the longest beginning "
          + "(train with --normalization_rule_name=identity)")
    }
    guard !normalizer.treatsWhitespaceAsSuffix || !normalizer.addsDummyPrefix else {
      throw refusal("treat_whitespace_as_suffix", "tokenizers has no part that appends to text")
    }
    let merger = PieceMerger(tokens, pieces)
    guard let merges = merger.merges() else {
      throw refusal(
        "pieces of type 5 (unused), or pieces with characters that are none",
        "no list of merges gives their tokens")
    }
    if let piece = pieces.competitor(among: merges, by: merger.priorities(of: merges)) {
      throw refusal(
        "the score of the piece \(piece)",
        "another one has the same, and in a list one of them comes first wherever they are")
    }
    var spellings: Set<[UInt8]> = []
    for id in 0..<TokenID(tokens.idBound) {
      guard let bytes = tokens.bytes(of: id) else { continue }
      let isText = pieces.kind(of: id).isMergeable
      let isCharacter = UTF8Decoding.scalar(in: bytes.span, at: 0).size == bytes.count
      guard spellings.insert(Array(bytes)).inserted, isText || !isCharacter else {
        throw refusal("the piece \(id)", "text that spells it would become it")
      }
    }
    let (splitting, semantics) = try symbolSplitting(pieces, merges, normalizer)
    return try Tokenizer(
      model: BPEModel(
        tokens: tokens, merges: merges, semantics: semantics, alphabet: .characters,
        options: model.options),
      pipeline: TokenizerPipeline(
        normalizer: normalizer.expressedForTokenizers(), preTokenization: splitting,
        decoder: pipeline.decoder),
      addedTokens: addedTokens, endOfText: endOfText)
  }

  /// How user-defined pieces are found.
  private func symbolSplitting(
    _ pieces: PieceAttributes, _ merges: [Merge], _ normalizer: SentencePieceNormalizer
  ) throws(TokenizerError) -> (PreTokenization?, MergeSemantics) {
    if normalizer.userDefined.isEmpty { return (nil, .merges) }
    func refusal(_ part: String, _ advice: String) -> TokenizerError {
      .notExpressible(format: .huggingFace, part: part, advice: "\(advice); use --to compiled")
    }
    // Between two of them there may be any text, and all of it may be looked up as a whole.
    let made = Set(merges.map(\.result))
    for id in pieces.kinds.indices where pieces.kinds[id] == .normal {
      let bytes = tokens.bytes(of: TokenID(id))!
      let isCharacter = UTF8Decoding.scalar(in: bytes.span, at: 0).size == bytes.count
      guard isCharacter || made.contains(TokenID(id)) else {
        throw refusal(
          "user-defined pieces together with the piece \(id), which nothing is merged to",
          "tokenizers would find both as whole words")
      }
    }
    for text in normalizer.userDefined where text.utf8.contains(UInt8(ascii: " ")) {
      throw refusal(
        "the user-defined piece \"\(text.shortened())\"",
        "a space in it is kept from what is done "
          + "to other spaces")
    }
    let alternatives = normalizer.userDefined
      .sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }.map(Self.escaped).joined(separator: "|")
    let steps: [PreTokenization] = [
      .split(try TextPattern(expression: alternatives), .isolated, isInverted: false),
      .split(
        try TextPattern(expression: try separators(pieces)), .mergedWithPrevious,
        isInverted: false),
    ]
    return (.sequence(steps), .mergesAfterWholePreTokens)
  }

  /// Where text that spells a byte, a control piece or the one for unknown text is split, so that it is
  /// not found as a whole word: between two characters that no piece has side by side.
  private func separators(_ pieces: PieceAttributes) throws(TokenizerError) -> String {
    func characters(_ id: Int) -> [String] {
      tokens.bytes(of: TokenID(id)).map {
        String(decoding: $0, as: UTF8.self).unicodeScalars.map { String($0) }
      } ?? []
    }
    func pairs(_ id: Int) -> [[String]] {
      let characters = characters(id)
      return zip(characters, characters.dropFirst()).map { [$0, $1] }
    }
    func isKnown(_ character: String) -> Bool { tokens.id(of: Array(character.utf8)) != nil }
    var joined: Set<[[UInt8]]> = []
    for id in pieces.kinds.indices where pieces.kinds[id].isMergeable {
      for pair in pairs(id) { joined.insert(pair.map { Array($0.utf8) }) }
    }
    var expressions: Set<String> = []
    for id in pieces.kinds.indices where !pieces.kinds[id].isMergeable {
      // Unknown characters that follow one another are one token, if they do not become bytes.
      let separator = pairs(id).first { pair in
        !joined.contains(pair.map { Array($0.utf8) })
          && (model.options.fallsBackToBytes || isKnown(pair[0]) || isKnown(pair[1]))
      }
      guard let separator else {
        throw .notExpressible(
          format: .huggingFace, part: "user-defined pieces together with the piece \(id)",
          advice: "text that spells it would become it; use --to compiled")
      }
      expressions.insert(
        "\(Self.escaped(separator[0]))(?=\(Self.escaped(separator[1])))")
    }
    return expressions.sorted().joined(separator: "|")
  }

  /// A regular expression that matches a text.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if #"\.|*+?()[]{}^$&-~#/"#.unicodeScalars.contains(scalar) { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}

extension SentencePieceNormalizer {
  /// The same in parts of tokenizers, where there is no map and no suffix.
  fileprivate func expressedForTokenizers() throws(TokenizerError) -> Normalizer? {
    var steps: [Normalizer] = []
    if removesExtraWhitespace {
      // What is looked behind for keeps a search from beginning again within what was searched.
      let end = escapesWhitespace ? "(?<![ \u{2581}])[ \u{2581}]+\\z" : "(?<! ) +\\z"
      steps.append(.replace(try TextPattern(expression: "\\A +"), content: ""))
      steps.append(.replace(try TextPattern(expression: end), content: ""))
      steps.append(.replace(try TextPattern(expression: " {2,}"), content: " "))
    }
    if addsDummyPrefix { steps.append(.prepend(space)) }
    if escapesWhitespace { steps.append(.replace(TextPattern(" "), content: space)) }
    return steps.isEmpty ? nil : steps.count == 1 ? steps[0] : .sequence(steps)
  }
}

extension PieceAttributes {
  /// A piece whose score is that of another one, if it matters which of the two is made first.
  ///
  /// It does not matter where every merge has a smaller score than the merges that made its parts, and
  /// no token is the right half of one and the left half of the other: then all merges of a score
  /// are there before the first of them, and none takes a token from another.
  ///
  /// - Parameters:
  ///   - merges: The merges, the greatest score first.
  ///   - priorities: The places of their scores; empty if all differ.
  fileprivate func competitor(among merges: [Merge], by priorities: [UInt32]) -> TokenID? {
    let made = Dictionary(zip(merges.map(\.result), priorities)) { first, _ in first }
    for (merge, priority) in zip(merges, priorities) {
      for part in [merge.left, merge.right] {
        if let other = made[part], other >= priority { return merge.result }
      }
    }
    var start = 0
    while start < priorities.count {
      let end = priorities[start...].firstIndex { $0 != priorities[start] } ?? priorities.count
      let lefts = Dictionary(merges[start..<end].map { ($0.left, 1) }, uniquingKeysWith: +)
      for merge in merges[start..<end] {
        if lefts[merge.right, default: 0] > (merge.left == merge.right ? 1 : 0) {
          return merge.result
        }
      }
      start = end
    }
    return nil
  }
}
