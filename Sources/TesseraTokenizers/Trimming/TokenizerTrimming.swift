internal import TesseraBasics

/// Which leaf of a vocabulary is removed first.
public enum TrimmingOrder: String, CaseIterable, Hashable, Sendable {
  /// The one that occurs least often, counting what earlier removed tokens have left to it.
  case frequency
  /// The one whose merge is the last.
  case latest
}

/// What is trimmed.
public struct TrimmingOptions: Hashable, Sendable {
  /// The number of tokens that are left, added ones included.
  public var vocabularySize: Int
  /// Which leaf is removed first.
  public var order = TrimmingOrder.frequency
  /// Tokens that stay, besides those that always do.
  public var keptIDs: Set<TokenID> = []

  /// Options with the recommended order.
  ///
  /// - Parameter vocabularySize: The number of tokens that are left, added ones included.
  public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }
}

/// A token that was removed.
public struct RemovedToken: Hashable, Sendable {
  /// Its old ID.
  public let id: TokenID
  /// How often it occurred when it was removed: in the corpus, and in tokens removed before.
  public let occurrenceCount: UInt64
  /// The tokens that stand in its place, by their old IDs: the two of its merge, or what its bytes are
  /// merged to if it has none. Some of them may have been removed later.
  public let parts: [TokenID]
}

/// A tokenizer with fewer tokens.
///
/// Only leaves are removed, one after another: tokens that no merge of another token has as a part. So a
/// text in which no removed token occurs keeps its tokens, and every token that is left can still be
/// reached; both hold for lists of merges, with and without `ignore_merges`, and for ranks. Single bytes
/// and characters, added tokens, and tokens that the pipeline names stay. IDs are numbered anew without
/// holes, in the old order.
///
/// Purason, Chizhov, Yamshchikov and Fishel, "Teaching Old Tokenizers New Words: Efficient Tokenizer
/// Adaptation for Pre-trained Models", 2025, arXiv:2512.03989, section on leaf-based pruning.
public struct TokenizerTrimming: Sendable {
  /// The tokenizer with fewer tokens.
  public let tokenizer: Tokenizer
  /// The new ID of each old one; nil for what was removed, and for IDs that no token has.
  public let newIDs: [TokenID?]
  /// The removed tokens, in the order of their removal.
  public let removed: [RemovedToken]

  /// Trims a tokenizer.
  ///
  /// - Parameters:
  ///   - base: The tokenizer.
  ///   - frequencies: How often each token occurs in a corpus, by ID: those of
  ///     ``Tokenizer/measurement(of:progress:)``.
  ///   - options: What is trimmed.
  /// - Throws: ``TrimmingError``; after a signal ``TrimmingError/tokenizer(_:)`` with
  ///   ``TokenizerError/interrupted``.
  public init(
    of base: Tokenizer, frequencies: [UInt64], options: TrimmingOptions
  ) throws(TrimmingError) {
    precondition(frequencies.count == base.vocabularySize, "there is a frequency for each ID")
    try Self.check(base, options)
    var isKept = base.hasToken
    var count = isKept.count { $0 }
    var removal = LeafRemoval(
      base.model, frequencies: frequencies, isProtected: base.protectedIDs(options.keptIDs),
      order: options.order)
    var removed: [RemovedToken] = []
    while count > options.vocabularySize, let token = removal.removeNext() {
      removed.append(token)
      isKept[Int(token.id)] = false
      count -= 1
    }
    var next: TokenID = 0
    let newIDs = isKept.map { isKept -> TokenID? in
      guard isKept else { return nil }
      defer { next += 1 }
      return next
    }
    do {
      tokenizer = try base.renumbered(newIDs)
    } catch {
      throw .tokenizer(error)
    }
    self.newIDs = newIDs
    self.removed = removed
    try checkReachable(base)
  }

  /// Sees to it that so many tokens can be removed, which does not depend on how often they occur. The
  /// initializer does so as well: this is for a caller with long work before it.
  ///
  /// - Parameters:
  ///   - base: The tokenizer.
  ///   - options: What is trimmed.
  /// - Throws: ``TrimmingError``.
  public static func check(
    _ base: Tokenizer, _ options: TrimmingOptions
  ) throws(TrimmingError) {
    let model = base.model
    guard model.options.continuingSubwordPrefix.isEmpty, model.options.endOfWordSuffix.isEmpty
    else { throw .affixes }
    guard model.pieces == nil else {
      throw .tokenizer(
        .unsupported(
          part: "model", name: "SentencePiece",
          advice: "write it with tessera convert --to huggingface, and trim that"))
    }
    let tokenCount = base.hasToken.count { $0 }
    guard options.vocabularySize < tokenCount else {
      throw .nothingToRemove(size: options.vocabularySize, tokenCount: tokenCount)
    }
    var removal = LeafRemoval(
      model, frequencies: [UInt64](repeating: 0, count: base.vocabularySize),
      isProtected: base.protectedIDs(options.keptIDs), order: options.order)
    var least = tokenCount
    while least > options.vocabularySize, removal.removeNext() != nil { least -= 1 }
    guard least <= options.vocabularySize else {
      throw .tooFewRemovable(size: options.vocabularySize, least: least, tokenCount: tokenCount)
    }
  }

  /// Sees to it that no token is unreachable that was reachable before.
  private func checkReachable(_ base: Tokenizer) throws(TrimmingError) {
    let before: Set<TokenID>
    let made: [TokenID]
    do {
      before = Set(try base.unreachableTokens().compactMap { newIDs[Int($0.id)] })
      made = try tokenizer.unreachableTokens().map(\.id).filter { !before.contains($0) }
    } catch {
      throw .tokenizer(error)
    }
    if made.isEmpty { return }
    let old = made.compactMap { new in newIDs.firstIndex(of: new).map { TokenID($0) } }
    throw .madeUnreachable(old)
  }
}

extension Tokenizer {
  /// Whether each ID has a token.
  fileprivate var hasToken: [Bool] {
    (0..<TokenID(vocabularySize)).map { bytes(of: $0) != nil }
  }

  /// Whether each ID has to stay: added tokens, those that the pipeline or a list names, and what text
  /// begins as.
  fileprivate func protectedIDs(_ kept: Set<TokenID>) -> [Bool] {
    var isProtected = [Bool](repeating: false, count: vocabularySize)
    func protect(_ id: TokenID) {
      if Int(id) < isProtected.count { isProtected[Int(id)] = true }
    }
    for token in addedTokens { protect(token.id) }
    for id in kept.union(pipeline.namedIDs) { protect(id) }
    if let endOfText { protect(endOfText) }
    if let unknown = model.options.unknownToken, let id = tokens.id(of: Array(unknown.utf8)) {
      protect(id)
    }
    for byte in UInt8.min...UInt8.max {
      let symbol = model.alphabet == .bytes ? [byte] : ByteFallback.spelling(of: byte)
      if let id = tokens.id(of: symbol) { protect(id) }
    }
    return isProtected
  }
}
