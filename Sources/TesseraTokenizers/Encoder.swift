internal import Synchronization

/// Encodes texts one after another and remembers the pre-tokens it has seen.
///
/// The memory is bounded (some 100 MiB at most, a few where texts are short) and holds only what
/// merging gave, so the tokens of a text do not depend on what was encoded before. While a very
/// long pre-token is merged, it takes 36 bytes more for each of its bytes. An encoder belongs to
/// one thread; make one for each.
public struct Encoder: ~Copyable {
  private let tokenizer: Tokenizer
  private let box: EncoderPool.Box

  init(_ tokenizer: Tokenizer, _ limits: EncoderLimits = EncoderLimits()) {
    self.tokenizer = tokenizer
    box = EncoderPool.Box(
      tokenizer.compiled, PreTokenizer(pattern: tokenizer.pattern), limits)
  }

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
    do {
      try tokenizer.encode(text, special: special, with: box, into: &ids)
    } catch {
      ids.removeSubrange(count...)
      throw error
    }
  }

  /// Appends the tokens of a text, in which special tokens are text like any other.
  public mutating func encode(_ text: Span<UInt8>, into ids: inout [TokenID]) {
    do {
      try encode(text, special: .none, into: &ids)
    } catch {
      preconditionFailure("no policy, no error: \(error)")
    }
  }
}

/// Encoders at rest, for calls that come one by one.
final class EncoderPool: Sendable {
  /// An encoder that can lie in an array.
  final class Box: @unchecked Sendable {
    // SAFETY (Sendable): a box is in the pool or with the one caller that took it.
    var value: TextEncoder
    init(
      _ compiled: CompiledBPE, _ preTokenizer: PreTokenizer,
      _ limits: EncoderLimits = EncoderLimits()
    ) {
      value = TextEncoder(compiled, preTokenizer, limits)
    }
  }

  private let compiled: CompiledBPE
  private let preTokenizer: PreTokenizer
  private let atRest = Mutex<[Box]>([])

  init(_ compiled: CompiledBPE, _ preTokenizer: PreTokenizer) {
    self.compiled = compiled
    self.preTokenizer = preTokenizer
  }

  /// An encoder that nobody else has.
  func take() -> Box {
    atRest.withLock { $0.popLast() } ?? Box(compiled, preTokenizer)
  }

  /// Takes an encoder back.
  func giveBack(_ box: Box) {
    atRest.withLock { $0.append(box) }
  }
}
