internal import Synchronization

/// Encodes texts one after another and remembers the pre-tokens it has seen.
///
/// All encoders of a tokenizer remember pre-tokens together. The memory is bounded (some 100 MiB, a few
/// where texts are short; an encoder that rests may keep as much of an older state alive) and holds only
/// what merging gave, so the tokens of a text do not depend on what was encoded before, dropout aside:
/// there they depend on how many texts were. While a very long pre-token is merged, it takes some bytes
/// more for each of its bytes. An encoder belongs to one thread; make one for each.
public struct Encoder: ~Copyable {
  private let tokenizer: Tokenizer
  private let pool: EncoderPool
  private let box: EncoderPool.Box
  private var textCount: UInt64 = 0

  /// An encoder that shares what it remembers.
  init(_ tokenizer: Tokenizer) { self.init(tokenizer, tokenizer.encoders) }

  /// An encoder with a memory of its own.
  init(_ tokenizer: Tokenizer, _ limits: EncoderLimits) {
    self.init(
      tokenizer, EncoderPool(tokenizer.engine, PreTokenizer(pattern: tokenizer.pattern), limits))
  }

  private init(_ tokenizer: Tokenizer, _ pool: EncoderPool) {
    self.tokenizer = tokenizer
    self.pool = pool
    box = pool.take()
  }

  deinit { pool.giveBack(box) }

  /// Appends the tokens of a text.
  ///
  /// - Parameters:
  ///   - text: The whole text, UTF-8 or not.
  ///   - special: What to do where it contains special tokens.
  ///   - ids: Gets the tokens; unchanged if an error is thrown.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  public mutating func encode(
    _ text: Span<UInt8>, special: SpecialTokenPolicy, into ids: inout [TokenID]
  ) throws(TokenizerError) {
    let count = ids.count
    box.begin(seed: textCount)
    textCount += 1
    do {
      try tokenizer.encode(text, special: special, with: box, into: &ids)
    } catch {
      ids.removeSubrange(count...)
      throw error
    }
  }

  /// Appends the tokens of a text, in which special tokens are text like any other.
  ///
  /// - Throws: ``TokenizerError/textGrowsTooLong(size:limit:)``; nothing is appended then.
  public mutating func encode(
    _ text: Span<UInt8>, into ids: inout [TokenID]
  ) throws(TokenizerError) {
    try encode(text, special: .none, into: &ids)
  }
}

/// A model in the form that encoding reads.
enum BPEEngine: Sendable {
  /// Over bytes, the fast way.
  case byteLevel(CompiledBPE)
  /// With every option.
  case plain(PlainBPE)

  init(_ model: BPEModel, seed: HashSeed = .process) {
    self =
      Self.isByteLevel(model)
      ? .byteLevel(CompiledBPE(model, seed: seed)) : .plain(PlainBPE(model, seed: seed))
  }

  /// Whether the fast way is there for a model.
  static func isByteLevel(_ model: BPEModel) -> Bool {
    model.alphabet == .bytes && model.options.dropout == 0
  }
}

/// Encoders at rest, for calls that come one by one.
final class EncoderPool: Sendable {
  /// An encoder that can lie in an array.
  final class Box: @unchecked Sendable {
    // SAFETY (Sendable): a box is in the pool or with the one caller that took it.
    /// The fast encoder, which splits text by itself; or else the plain one, for one pre-token.
    private var fast: TextEncoder?
    private var plain: PlainEncoder?
    /// The fast encoder for pre-tokens, which must not be split again: `\A` matches in each of them.
    private var whole: TextEncoder?
    private let engine: BPEEngine
    private let cache: PreTokenCache

    /// - Parameter cache: What a fast encoder remembers; another one does not ask for it.
    init(_ engine: BPEEngine, _ preTokenizer: PreTokenizer, _ cache: PreTokenCache) {
      self.engine = engine
      self.cache = cache
      switch engine {
      case .byteLevel(let compiled): fast = TextEncoder(compiled, preTokenizer, cache)
      case .plain(let model): plain = PlainEncoder(model)
      }
    }

    /// Begins a text, whose seed decides what dropout leaves out.
    func begin(seed: UInt64) { plain?.begin(seed: seed) }

    /// Appends the tokens of a part of a text.
    func encodeText(_ text: Span<UInt8>, into ids: inout [TokenID]) {
      if fast != nil { fast!.encodeText(text, into: &ids) } else { plain!.encode(text, into: &ids) }
    }

    /// Appends the tokens of a part of a text from a place on, as far as they do not depend on what
    /// follows.
    ///
    /// - Returns: How far that is.
    func encodeCertain(
      _ text: Span<UInt8>, from start: Int, isComplete: Bool, into ids: inout [TokenID]
    ) -> Int {
      fast!.encodeText(text, from: start, isComplete: isComplete, into: &ids)
    }

    /// Calls `body` with each token of a pre-token and the number of bytes that it covers.
    func encode(_ preToken: Span<UInt8>, _ tokens: TokenTable, _ body: (TokenID, Int) -> Void) {
      guard case .byteLevel(let compiled) = engine else { return plain!.encode(preToken, body) }
      if whole == nil { whole = TextEncoder(compiled, PreTokenizer(pattern: .none), cache) }
      var ids: [TokenID] = []
      whole!.encodeText(preToken, into: &ids)
      for id in ids { body(id, tokens.size(of: id)) }
    }
  }

  private let engine: BPEEngine
  private let preTokenizer: PreTokenizer
  private let cache: PreTokenCache
  private let atRest = Mutex<[Box]>([])

  init(
    _ engine: BPEEngine, _ preTokenizer: PreTokenizer, _ limits: EncoderLimits = EncoderLimits()
  ) {
    self.engine = engine
    self.preTokenizer = preTokenizer
    cache = PreTokenCache(limits)
  }

  /// An encoder that nobody else has.
  func take() -> Box {
    atRest.withLock { $0.popLast() } ?? Box(engine, preTokenizer, cache)
  }

  /// Takes an encoder back.
  func giveBack(_ box: Box) {
    atRest.withLock { $0.append(box) }
  }
}
