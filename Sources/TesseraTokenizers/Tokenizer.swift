internal import TesseraBasics

/// A byte-level BPE tokenizer: text to token IDs and back.
///
/// A tokenizer is immutable and cheap to copy. It is read from a file or made of its parts, and is
/// then compiled into the tables that encoding uses.
///
///     let tokenizer = try Tokenizer(contentsOf: "models/base-en")
///     let ids = try tokenizer.encode("One fine day")
///     let text = try tokenizer.decode(ids)
///
/// Text is bytes. Without a normalization every byte string, UTF-8 or not, decodes to itself.
public struct Tokenizer: Sendable {
  /// Vocabulary, merges, and how they are read.
  public let model: BPEModel
  /// How text is split before merging.
  public let pattern: PreTokenizerPattern
  /// How text is normalized before it is split.
  public let normalization: Normalization
  /// The tokens that are found before anything else, by ID.
  public let addedTokens: [AddedToken]
  /// Whether a space is put before each text that does not begin with one (`add_prefix_space`).
  public let addsPrefixSpace: Bool
  /// The token that ends a document, if there is one.
  public let endOfText: TokenID?

  /// The file that the tokenizer came from, for what we carry over without reading it.
  package let document: TokenizerDocument?

  let compiled: CompiledBPE
  let encoders: EncoderPool
  /// For tokens that are looked for in the text as it is, and in the normalized text.
  let rawMatcher: AddedTokenMatcher
  let normalizedMatcher: AddedTokenMatcher
  /// The bytes that added tokens decode to.
  let addedBytes: [TokenID: [UInt8]]

  /// Names of tokens that end documents, the most telling first.
  private static let endOfTextNames = [
    "<|endoftext|>", "<|end_of_text|>", "<|eos|>", "</s>", "<eos>", "<|im_end|>",
  ]

  /// Makes a tokenizer of its parts.
  ///
  /// - Parameters:
  ///   - model: Vocabulary and merges.
  ///   - pattern: How text is split.
  ///   - normalization: How text is normalized.
  ///   - addedTokens: Added tokens; their IDs may lie inside or outside of the vocabulary.
  ///   - addsPrefixSpace: Whether a space is put before texts.
  ///   - endOfText: The token that ends a document; by default the added token with a known name.
  /// - Throws: For added tokens ``TokenizerError/duplicateID(_:first:second:)``,
  ///   ``TokenizerError/duplicateToken(_:first:second:)`` also where two are equal once they are
  ///   normalized, ``TokenizerError/emptyToken(_:)``, ``TokenizerError/idTooLarge(_:limit:)`` or
  ///   ``TokenizerError/tokenTooLong(_:size:limit:)``.
  public init(
    model: BPEModel, pattern: PreTokenizerPattern, normalization: Normalization = .none,
    addedTokens: [AddedToken] = [], addsPrefixSpace: Bool = false, endOfText: TokenID? = nil
  ) throws(TokenizerError) {
    try self.init(
      model: model, pattern: pattern, normalization: normalization, addedTokens: addedTokens,
      addsPrefixSpace: addsPrefixSpace, endOfText: endOfText, document: nil)
  }

  package init(
    model: BPEModel, pattern: PreTokenizerPattern, normalization: Normalization,
    addedTokens: [AddedToken], addsPrefixSpace: Bool, endOfText: TokenID?,
    document: TokenizerDocument?
  ) throws(TokenizerError) {
    self.model = model
    self.pattern = pattern
    self.normalization = normalization
    self.addedTokens = addedTokens.sorted { $0.id < $1.id }
    self.addsPrefixSpace = addsPrefixSpace
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
        bytes = normalization.normalized(bytes)
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
    self.addedBytes = addedBytes
    rawMatcher = AddedTokenMatcher(raw)
    normalizedMatcher = AddedTokenMatcher(normalized)
    self.endOfText =
      endOfText
      ?? Self.endOfTextNames.lazy.compactMap { name in
        addedTokens.first { $0.content == name }?.id
      }.first
    compiled = CompiledBPE(model)
    encoders = EncoderPool(compiled, PreTokenizer(pattern: pattern))
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

  /// What the tokenizer's file asks for around encoding that is not applied here.
  ///
  /// `encode` gives the tokens of a text, all of them and no others. The parts are
  /// kept and written with the file's other members.
  public var unappliedParts: [UnappliedPart] {
    UnappliedPart.allCases.filter { part in
      guard let value = document?.root[part.rawValue], !value.isNull else { return false }
      return part != .postProcessor || UnappliedPart.addsTokens(value)
    }
  }

  /// The bytes that a token stands for, added or not; `nil` if there is no such token.
  public func bytes(of id: TokenID) -> [UInt8]? {
    addedBytes[id] ?? model.tokens.bytes(of: id).map { Array($0) }
  }
}
