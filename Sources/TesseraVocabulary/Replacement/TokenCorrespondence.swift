public import TesseraTokenizers

/// A token that two tokenizers have.
public struct SharedToken: Hashable, Sendable {
  /// Its ID in the base's tokenizer.
  public var base: TokenID
  /// Its ID in the other one.
  public var id: TokenID

  /// A token by its two IDs.
  public init(base: TokenID, id: TokenID) {
    self.base = base
    self.id = id
  }
}

/// An added token of another tokenizer that is what one of the base was, by their texts.
public struct TokenMapping: Hashable, Sendable {
  /// The base's token.
  public var old: String
  /// The other tokenizer's token.
  public var new: String

  /// A pair of tokens.
  public init(old: String, new: String) {
    self.old = old
    self.new = new
  }
}

/// What the tokens of another tokenizer are to the base's: the same ones, or new ones made of its pieces.
///
/// A token is the same if its bytes are; an added token is the same as an added token with the same
/// text alone, since the text of one means nothing else. If several tokens of the base have the same bytes,
/// it is the one with the same ID, or else the one that its bytes find. A token that a ``TokenMapping``
/// names is what the base's token was, and gets its row unless the base has it as well.
///
/// The pieces of a new token are what the base makes of its bytes as one pre-token. Both tokenizers are
/// over bytes, so every token has pieces.
public struct TokenCorrespondence: Sendable {
  /// For each ID of the new tokenizer, the base's token whose row it keeps; nil for a new token, and for an
  /// ID without a token.
  public let baseIDs: [TokenID?]
  /// For each ID of the base, what has taken its place; nil for a token that is gone.
  public let newIDs: [TokenID?]
  /// The tokens that the base does not have.
  public let tokens: NewTokens
  /// How many tokens the base has that the new tokenizer has not.
  public let droppedCount: Int

  /// Compares two tokenizers.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer that takes the place of the base's.
  ///   - base: The base's tokenizer.
  ///   - mappings: Added tokens with other texts.
  /// - Throws: ``VocabularyError/unknownMappedToken(_:isOld:)``.
  /// - Precondition: Both are over bytes.
  /// - Complexity: O(bytes of all tokens).
  public init(
    of tokenizer: Tokenizer, to base: Tokenizer, mappings: [TokenMapping] = []
  ) throws(VocabularyError) {
    precondition(
      base.model.alphabet == .bytes && tokenizer.model.alphabet == .bytes,
      "tokens of bytes are compared")
    let (old, new) = (AddedIDs(base), AddedIDs(tokenizer))
    var baseIDs = (0..<TokenID(tokenizer.vocabularySize)).map { id -> TokenID? in
      if let text = new.texts[id] { return old.ids[text] }
      guard let bytes = tokenizer.tokens.bytes(of: id) else { return nil }
      if old.texts[id] == nil, base.tokens.bytes(of: id) == bytes { return id }
      return base.tokens.id(of: Array(bytes)).flatMap { old.texts[$0] == nil ? $0 : nil }
    }
    var newIDs = [TokenID?](repeating: nil, count: base.vocabularySize)
    for (id, baseID) in baseIDs.enumerated().reversed() {
      if let baseID { newIDs[Int(baseID)] = TokenID(id) }
    }
    for mapping in mappings {
      guard let from = old.ids[Array(mapping.old.utf8)] else {
        throw .unknownMappedToken(mapping.old, isOld: true)
      }
      guard let to = new.ids[Array(mapping.new.utf8)] else {
        throw .unknownMappedToken(mapping.new, isOld: false)
      }
      newIDs[Int(from)] = to
      baseIDs[Int(to)] = baseIDs[Int(to)] ?? from
    }
    self.baseIDs = baseIDs
    self.newIDs = newIDs
    tokens = try Self.newTokens(of: tokenizer, baseIDs, base)
    droppedCount = newIDs.indices.count {
      newIDs[$0] == nil && base.bytes(of: TokenID($0)) != nil
    }
  }

  /// The tokens without a row, with what the base makes of their bytes.
  private static func newTokens(
    of tokenizer: Tokenizer, _ baseIDs: [TokenID?], _ base: Tokenizer
  ) throws(VocabularyError) -> NewTokens {
    do throws(TokenizerError) {
      var encoder = try base.merging().makeEncoder()
      var tokens: [(id: TokenID, bytes: [UInt8], pieces: [TokenID])] = []
      for (index, baseID) in baseIDs.enumerated() where baseID == nil {
        let id = TokenID(index)
        guard let bytes = tokenizer.bytes(of: id) else { continue }
        var pieces: [TokenID] = []
        try encoder.encode(bytes.span, into: &pieces)
        tokens.append((id, bytes, pieces))
      }
      return NewTokens(tokens)
    } catch {
      throw .tokenizer(error)
    }
  }

  /// The tokens that both have, in the order of the base's IDs and then of their own.
  public var shared: [SharedToken] {
    baseIDs.enumerated().compactMap { id, base in
      base.map { SharedToken(base: $0, id: TokenID(id)) }
    }.sorted { ($0.base, $0.id) < ($1.base, $1.id) }
  }
}

/// The added tokens of a tokenizer by their texts, and the other way around.
private struct AddedIDs {
  var texts: [TokenID: [UInt8]] = [:]
  var ids: [[UInt8]: TokenID] = [:]

  init(_ tokenizer: Tokenizer) {
    for token in tokenizer.addedTokens {
      texts[token.id] = Array(token.content.utf8)
      ids[Array(token.content.utf8)] = token.id
    }
  }
}
