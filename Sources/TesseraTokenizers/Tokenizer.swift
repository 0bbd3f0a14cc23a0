internal import TesseraBasics

/// A BPE tokenizer: text to token IDs and back.
///
/// A tokenizer is immutable and cheap to copy. It is read from a file or made of its parts, and is
/// then compiled into the tables that encoding uses.
///
///     let tokenizer = try Tokenizer(contentsOf: "models/base-en")
///     let ids = try tokenizer.encode("One fine day")
///     let text = try tokenizer.decode(ids)
///
/// Text is bytes. With a vocabulary over bytes and without a normalizer every byte string, UTF-8 or
/// not, decodes to itself.
public struct Tokenizer: Sendable {
  /// Vocabulary, merges, and how they are read.
  public let model: BPEModel
  /// What happens to text before and after it is merged into tokens.
  public let pipeline: TokenizerPipeline
  /// The tokens that are found before anything else, by ID.
  public let addedTokens: [AddedToken]
  /// The token that ends a document, if there is one.
  public let endOfText: TokenID?

  /// The file that the tokenizer came from, for what we carry over without reading it.
  package let document: TokenizerDocument?

  let engine: BPEEngine
  let steps: TextSteps
  let encoders: EncoderPool
  /// For tokens that are looked for in the text as it is, and in the normalized text.
  let rawMatcher: AddedTokenMatcher
  let normalizedMatcher: AddedTokenMatcher
  /// The most bytes that a token has, added or not.
  let longestTokenSize: Int
  /// The bytes that added tokens decode to.
  let addedBytes: [TokenID: [UInt8]]
  /// Where the bytes of tokens, one after another, are the text: these bytes.
  let decodingTable: DecodingTable?
  /// Whether they are the text also where it is to be UTF-8.
  let decodesTextByTable: Bool

  /// The most bytes that all added tokens together may have, normalized where they are.
  static let addedSizeLimit = 1 << 22

  /// Names of tokens that end documents, the most telling first.
  private static let endOfTextNames = [
    "<|endoftext|>", "<|end_of_text|>", "<|eos|>", "</s>", "<eos>", "<|im_end|>",
    "[SEP]",
  ]

  /// Makes a byte-level tokenizer of its parts.
  ///
  /// - Parameters:
  ///   - model: Vocabulary and merges.
  ///   - pattern: How text is split.
  ///   - normalization: How text is normalized.
  ///   - addedTokens: Added tokens; their IDs may lie inside or outside of the vocabulary.
  ///   - addsPrefixSpace: Whether a space is put before what `ByteLevel` gets: the text for gpt2 and
  ///     none, each piece for a pattern that another step splits by. Falcon never has it.
  ///   - endOfText: The token that ends a document; by default the added token with a known name.
  /// - Throws: As ``init(model:pipeline:addedTokens:endOfText:)`` does.
  public init(
    model: BPEModel, pattern: PreTokenizerPattern, normalization: Normalization = .none,
    addedTokens: [AddedToken] = [], addsPrefixSpace: Bool = false, endOfText: TokenID? = nil
  ) throws(TokenizerError) {
    try self.init(
      model: model,
      pipeline: TokenizerPipeline(
        pattern: pattern, normalization: normalization, addsPrefixSpace: addsPrefixSpace),
      addedTokens: addedTokens, endOfText: endOfText)
  }

  /// Makes a tokenizer of its parts.
  ///
  /// - Parameters:
  ///   - model: Vocabulary and merges. One over bytes needs a pipeline in which the last step that
  ///     changes text is `byteLevel`.
  ///   - pipeline: What happens to text around the model.
  ///   - addedTokens: Added tokens; their IDs may lie inside or outside of the vocabulary.
  ///   - endOfText: The token that ends a document; by default the added token with a known name.
  /// - Throws: For added tokens ``TokenizerError/duplicateID(_:first:second:)``,
  ///   ``TokenizerError/duplicateToken(_:first:second:)`` also where two are equal once they are
  ///   normalized, ``TokenizerError/emptyToken(_:)``, ``TokenizerError/idTooLarge(_:limit:)``,
  ///   ``TokenizerError/tokenTooLong(_:size:limit:)``, ``TokenizerError/tooMany(of:limit:)`` or
  ///   ``TokenizerError/textGrowsTooLong(size:limit:)``; for a decoder that makes text many times as
  ///   long ``TokenizerError/unsupported(part:name:advice:)``.
  public init(
    model: BPEModel, pipeline: TokenizerPipeline, addedTokens: [AddedToken] = [],
    endOfText: TokenID? = nil
  ) throws(TokenizerError) {
    try self.init(
      model: model, pipeline: pipeline, addedTokens: addedTokens, endOfText: endOfText,
      document: nil)
  }

  package init(
    model: BPEModel, pipeline: TokenizerPipeline, addedTokens: [AddedToken], endOfText: TokenID?,
    document: TokenizerDocument?
  ) throws(TokenizerError) {
    try self.init(
      model: model, pipeline: pipeline, addedTokens: addedTokens, endOfText: endOfText,
      document: document, engine: BPEEngine(model))
  }

  /// Makes a tokenizer whose tables are known.
  init(
    model: BPEModel, pipeline: TokenizerPipeline, addedTokens: [AddedToken], endOfText: TokenID?,
    document: TokenizerDocument?, engine: BPEEngine
  ) throws(TokenizerError) {
    precondition(
      model.alphabet == .characters || pipeline.endsInBytes,
      "a vocabulary over bytes needs text in bytes")
    let growth = pipeline.decoder?.growth ?? 1
    guard growth <= TokenDecoder.growthLimit else {
      throw .unsupported(
        part: "decoder", name: "with replacements that make text \(growth) times as long",
        advice: "\(TokenDecoder.growthLimit) times is the limit")
    }
    self.model = model
    self.pipeline = pipeline
    steps = TextSteps(pipeline, model.alphabet)
    self.addedTokens = addedTokens.sorted { $0.id < $1.id }
    self.document = document
    var addedBytes: [TokenID: [UInt8]] = [:]
    var contents: [[UInt8]: TokenID] = [:]
    var normalizedContents: [[UInt8]: TokenID] = [:]
    var raw: [(bytes: [UInt8], token: AddedToken)] = []
    var normalized: [(bytes: [UInt8], token: AddedToken)] = []
    for token in addedTokens {
      guard token.id <= TokenTable.maximumID else {
        throw .idTooLarge(Int(token.id), limit: Int(TokenTable.maximumID))
      }
      var bytes = Array(token.content.utf8)
      guard !bytes.isEmpty else { throw .emptyToken(token.id) }
      if let first = contents.updateValue(token.id, forKey: bytes) {
        throw .duplicateToken(token.content, first: first, second: token.id)
      }
      if token.isNormalized {
        bytes = try steps.normalized(bytes)
        guard !bytes.isEmpty else { throw .emptyToken(token.id) }
        // Tokenizers finds either of the two, another one each time a file is read.
        if let first = normalizedContents.updateValue(token.id, forKey: bytes) {
          throw .duplicateToken(token.content, first: first, second: token.id)
        }
      }
      guard bytes.count <= TokenTable.maximumTokenSize else {
        throw .tokenTooLong(token.id, size: bytes.count, limit: TokenTable.maximumTokenSize)
      }
      if let other = addedBytes.updateValue(bytes, forKey: token.id) {
        throw .duplicateID(
          token.id, first: String(decoding: other, as: UTF8.self), second: token.content)
      }
      if token.isNormalized {
        normalized.append((bytes, token))
      } else {
        raw.append((bytes, token))
      }
    }
    guard addedBytes.values.reduce(0, { $0 + $1.count }) <= Self.addedSizeLimit else {
      throw .tooMany(of: "bytes in all added tokens", limit: Self.addedSizeLimit)
    }
    self.addedBytes = addedBytes
    longestTokenSize = max(
      addedBytes.values.reduce(1) { max($0, $1.count) },
      (0..<TokenID(model.tokens.idBound)).reduce(1) { max($0, model.tokens.size(of: $1)) })
    decodingTable =
      Self.decodesBytes(model.alphabet, pipeline.decoder)
      ? DecodingTable(
        model.tokens, addedBytes: addedBytes,
        special: Set(addedTokens.filter(\.isSpecial).map(\.id)))
      : nil
    decodesTextByTable =
      decodingTable != nil && Self.decodesTextByTable(pipeline.decoder, addedBytes)
    rawMatcher = AddedTokenMatcher(raw)
    normalizedMatcher = AddedTokenMatcher(normalized)
    self.endOfText =
      endOfText
      ?? Self.endOfTextNames.lazy.compactMap { name in
        addedTokens.first { $0.content == name }?.id
      }.first
    self.engine = engine
    encoders = EncoderPool(engine, PreTokenizer(pattern: steps.byteLevel?.pattern ?? .none))
  }

  /// The byte strings of the vocabulary, without added tokens that are not part of it.
  public var tokens: TokenTable { model.tokens }

  /// The merges by rank; none with ``MergeSemantics/ranks``.
  public var merges: [Merge] { model.merges }

  /// The number of rows that a model's matrices need: the greatest ID, added tokens included, and
  /// one.
  public var vocabularySize: Int {
    max(model.tokens.idBound, Int(addedTokens.last?.id ?? 0) + (addedTokens.isEmpty ? 0 : 1))
  }

  /// The smallest number that is greater than every ID that ``encoding(of:and:addsSpecialTokens:special:seed:)``
  /// gives: what is added around a text and fills it up counts as well, and need not be in the
  /// vocabulary.
  public var encodingIDBound: Int {
    max(vocabularySize, pipeline.namedIDs.max().map { Int($0) + 1 } ?? 0)
  }

  /// How the fast encoder splits text: ``PreTokenizerPattern/none`` where other steps do it.
  public var pattern: PreTokenizerPattern { steps.byteLevel?.pattern ?? .none }

  /// The normalization form, if that is all that happens to text before it is split.
  public var normalization: Normalization { steps.byteLevel?.normalization ?? .none }

  /// Whether a space is put before each text that does not begin with one (`add_prefix_space`).
  public var addsPrefixSpace: Bool { steps.byteLevel?.addsPrefixSpace ?? false }

  /// Whether the bytes of a text are those of its tokens, one after another, whatever the text is.
  package var keepsBytes: Bool {
    guard let byteLevel = steps.byteLevel else { return false }
    return byteLevel.normalization == .none && !byteLevel.addsPrefixSpace
      && addedTokens.allSatisfy { !$0.stripsLeft && !$0.stripsRight }
  }

  /// The tables of a vocabulary over bytes without dropout.
  var compiled: CompiledBPE {
    guard case .byteLevel(let compiled) = engine else {
      preconditionFailure("only a vocabulary over bytes without dropout has fast tables")
    }
    return compiled
  }

  /// This tokenizer with a probability that merges are left out, from 0 to 1.
  ///
  /// Dropout makes the tokens of a text depend on the seed that encoding gets.
  ///
  /// - Throws: ``TokenizerError/unsupported(part:name:advice:)`` for a model without a list of merges.
  public func withDropout(_ dropout: Double) throws(TokenizerError) -> Tokenizer {
    precondition((0...1).contains(dropout), "a probability is from 0 to 1")
    if dropout > 0, model.pieces != nil, model.merges.isEmpty {
      throw .unsupported(
        part: "model", name: "SentencePiece with unused pieces",
        advice: "dropout needs a list of merges, and none gives the tokens of this model")
    }
    var model = model
    model.options.dropout = dropout
    var document = document
    document?.root["model"]?["dropout"] = dropout == 0 ? .null : JSONValue(dropout)
    return try Tokenizer(
      model: model, pipeline: pipeline, addedTokens: addedTokens, endOfText: endOfText,
      document: document)
  }

  /// What the tokenizer's file asks for around texts: ``encoding(of:and:addsSpecialTokens:special:seed:)``
  /// does it, and `encode` does not.
  public var unappliedParts: [UnappliedPart] {
    var parts: [UnappliedPart] = []
    if pipeline.truncation != nil { parts.append(.truncation) }
    if pipeline.padding != nil { parts.append(.padding) }
    if let processor = pipeline.postProcessor, processor.addedCount(isPair: false) > 0 {
      parts.append(.postProcessor)
    }
    return parts
  }

  /// The bytes that a token stands for, added or not; `nil` if there is no such token.
  ///
  /// With a vocabulary over characters they are what the decoder makes of the token in the middle of
  /// a text, or how it is spelled if there is no decoder.
  public func bytes(of id: TokenID) -> [UInt8]? {
    if decodingTable != nil {
      return addedBytes[id] ?? model.tokens.bytes(of: id).map { Array($0) }
    }
    return spelling(of: id).map { pipeline.decoder?.bytes(inTextOf: $0) ?? $0 }
  }

  /// How a token is spelled in a tokenizer.json; `nil` if there is no such token.
  package func spelling(of id: TokenID) -> [UInt8]? {
    if let added = addedBytes[id] { return added }
    return modelSpelling(of: id)
  }

  /// How a token of the vocabulary is spelled, whether or not it is an added token as well.
  func modelSpelling(of id: TokenID) -> [UInt8]? {
    guard let bytes = tokens.bytes(of: id) else { return nil }
    // A token that its bytes do not find was read with characters outside of the alphabet.
    guard model.alphabet == .bytes, tokens.id(of: bytes) == id else { return Array(bytes) }
    return Array(ByteAlphabet.string(for: bytes).utf8)
  }
}
