/// Makes tokenizers out of SentencePiece's BPE models.
enum SentencePieceImport {
  /// The largest file that is read.
  static let sizeLimit = 1 << 28

  /// The tokenizer of a model; it encodes as sentencepiece does.
  ///
  /// Control pieces and the one for unknown text become special tokens, which no text gives unless
  /// that is asked for. The samples that the file holds are encoded and compared.
  ///
  /// - Throws: ``TokenizerError/unsupported(part:name:advice:)`` for other models than BPE, and
  ///   what a malformed file deserves.
  static func tokenizer(from bytes: [UInt8]) throws(TokenizerError) -> Tokenizer {
    let model = try SentencePieceModel(bytes)
    try checkKind(model)
    var tokens = TokenTable()
    tokens.reserveCapacity(model.pieces.count, bytes: model.pieces.count * 8)
    var added: [AddedToken] = []
    var userDefined: [String] = []
    for (index, piece) in model.pieces.enumerated() {
      let id = TokenID(index)
      let spelling = bytes[piece.spelling]
      guard let text = String(validating: spelling, as: UTF8.self) else {
        throw .malformed(member: "pieces[\(index)].piece", expected: "text in UTF-8")
      }
      // Text that spells a control piece is text.
      if piece.kind == .control {
        try tokens.insertHidden(spelling.span, id: id)
      } else {
        try tokens.insert(spelling.span, id: id)
      }
      switch piece.kind {
      case .control, .unknown: added.append(AddedToken(text, id: id))
      case .userDefined: userDefined.append(text)
      default: break
      }
    }
    try checkKinds(model, tokens)
    let unknown = model.pieces.firstIndex { $0.kind == .unknown }.map { index in
      String(decoding: bytes[model.pieces[index].spelling], as: UTF8.self)
    }
    let attributes = PieceAttributes(
      scores: model.pieces.map(\.score), kinds: model.pieces.map(\.kind))
    let options = BPEOptions(
      unknownToken: unknown, fusesUnknown: true, fallsBackToBytes: model.fallsBackToBytes)
    let normalizer = try normalizer(of: model, userDefined: userDefined)
    let tokenizer = try Tokenizer(
      model: BPEModel(tokens: tokens, pieces: attributes, options: options),
      pipeline: TokenizerPipeline(
        normalizer: .sentencePiece(normalizer), decoder: decoder(for: normalizer)),
      addedTokens: added,
      endOfText: added.first {
        $0.content.utf8.elementsEqual(model.names[SentencePieceModel.endName]!.utf8)
      }?.id)
    try tokenizer.check(model.samples)
    return tokenizer
  }

  private static func checkKind(_ model: SentencePieceModel) throws(TokenizerError) {
    let (name, advice): (String, String)
    switch model.kind {
    case .bpe:
      guard model.denormalizerMap.isEmpty else {
        throw .unsupported(
          part: "member", name: "denormalizer_spec",
          advice: "decode with sentencepiece, or train the model without it")
      }
      return
    case .unigram:
      name = "Unigram"
      advice = "Tessera reads BPE only: train with --model_type=bpe, or with `tessera train`"
    case .word:
      name = "word"
      advice =
        "Tessera reads BPE only: a list of whole words has no merges; train with --model_type=bpe, "
        + "or with `tessera train`"
    case .character:
      name = "character"
      advice =
        "Tessera reads BPE only: a list of characters has no merges; train with --model_type=bpe, "
        + "or with `tessera train`"
    }
    throw .unsupported(part: "SentencePiece model", name: name, advice: advice)
  }

  /// Sees to what sentencepiece demands of a model as well: one piece for unknown text, and a piece
  /// for each byte if there are to be any.
  private static func checkKinds(
    _ model: SentencePieceModel, _ tokens: TokenTable
  ) throws(TokenizerError) {
    guard model.pieces.count(where: { $0.kind == .unknown }) == 1 else {
      throw .malformed(member: "pieces", expected: "a list with one piece of the type 2 (unknown)")
    }
    var isByte = [Bool](repeating: false, count: model.pieces.count)
    if model.fallsBackToBytes {
      for byte in UInt8.min...UInt8.max {
        guard let id = tokens.id(of: ByteFallback.spelling(of: byte)),
          model.pieces[Int(id)].kind == .byte
        else { throw .missingByte(byte) }
        isByte[Int(id)] = true
      }
    }
    for (index, piece) in model.pieces.enumerated() where piece.kind == .byte && !isByte[index] {
      throw .malformed(
        member: "pieces[\(index)]",
        expected: model.fallsBackToBytes
          ? "one of <0x00> to <0xFF>" : "a piece without byte_fallback")
    }
  }

  private static func normalizer(
    of model: SentencePieceModel, userDefined: [String]
  ) throws(TokenizerError) -> SentencePieceNormalizer {
    var map: PrecompiledCharacterMap?
    if !model.characterMap.isEmpty {
      guard let found = PrecompiledCharacterMap(model.characterMap) else {
        throw .malformed(
          member: "normalizer_spec.precompiled_charsmap", expected: "a character map")
      }
      map = found
    }
    return SentencePieceNormalizer(
      characterMap: map, addsDummyPrefix: model.addsDummyPrefix,
      removesExtraWhitespace: model.removesExtraWhitespace,
      escapesWhitespace: model.escapesWhitespace,
      treatsWhitespaceAsSuffix: model.treatsWhitespaceAsSuffix, userDefined: userDefined)
  }

  /// Undoes what the normalizer does to spaces, in parts that tokenizers has as well.
  private static func decoder(for normalizer: SentencePieceNormalizer) -> TokenDecoder {
    var steps: [TokenDecoder] = [
      .replace(TextPattern("\u{2581}"), content: " "), .byteFallback, .fuse,
    ]
    // Where several spaces are never kept, all at the beginning go, and else the one that was added.
    if normalizer.removesExtraWhitespace {
      steps.append(.strip(content: " ", start: 1 << 16, stop: 0))
    } else if normalizer.addsDummyPrefix {
      steps.append(.strip(content: " ", start: 1, stop: 0))
    }
    return .sequence(steps)
  }
}

extension Tokenizer {
  /// Compares what a model's file says about some texts with what they are encoded as.
  fileprivate func check(
    _ samples: [(input: [UInt8], expected: [UInt8])]
  ) throws(TokenizerError) {
    let unknown = model.options.unknownToken.flatMap { tokens.id(of: Array($0.utf8)) }
    for (index, sample) in samples.enumerated() {
      let normalized = try steps.normalized(sample.input)
      let encoder = encoders.take()
      defer { encoders.giveBack(encoder) }
      var pieces: [[UInt8]] = []
      var position = 0
      encoder.encode(normalized.span, tokens) { id, size in
        pieces.append(
          id == unknown
            ? Array(normalized[position..<position + size])
            : tokens.bytes(of: id).map { Array($0) } ?? [])
        position += size
      }
      let found = Array(pieces.joined(separator: [UInt8(ascii: " ")]))
      guard found == sample.expected else {
        throw .malformed(
          member: "self_test_data.samples[\(index)].expected",
          expected: "\"" + String(decoding: found, as: UTF8.self).shortened() + "\"")
      }
    }
  }
}
