/// The parts of a tokenizer around its vocabulary, as a tokenizer.json has them.
///
/// Text goes through them from top to bottom: it is normalized, split, merged into tokens by the
/// ``BPEModel``, and then cut, surrounded and filled up. Added tokens are found before and after
/// normalization. A part that is `nil` does nothing.
public struct TokenizerPipeline: Hashable, Sendable {
  /// How text is changed before it is split.
  public var normalizer: Normalizer?
  /// How text is split.
  public var preTokenization: PreTokenization?
  /// How much of a text is kept.
  public var truncation: Truncation?
  /// What is added around texts.
  public var postProcessor: PostProcessor?
  /// How short texts are filled up.
  public var padding: Padding?
  /// How tokens become text again.
  public var decoder: TokenDecoder?

  /// A pipeline out of its parts.
  public init(
    normalizer: Normalizer? = nil, preTokenization: PreTokenization? = nil,
    truncation: Truncation? = nil, postProcessor: PostProcessor? = nil, padding: Padding? = nil,
    decoder: TokenDecoder? = nil
  ) {
    self.normalizer = normalizer
    self.preTokenization = preTokenization
    self.truncation = truncation
    self.postProcessor = postProcessor
    self.padding = padding
    self.decoder = decoder
  }

  /// The pipeline of a byte-level tokenizer: a normalization form, one pattern, and bytes.
  public init(
    pattern: PreTokenizerPattern, normalization: Normalization = .none,
    addsPrefixSpace: Bool = false
  ) {
    normalizer = normalization == .none ? nil : .form(normalization)
    let steps = pattern.steps(addsPrefixSpace: addsPrefixSpace)
    preTokenization = steps.count == 1 ? steps[0] : .sequence(steps)
    postProcessor = .byteLevel(addsPrefixSpace: true, trimsOffsets: false, usesExpression: true)
    decoder = .byteLevel
  }
}

extension TokenizerPipeline {
  /// Whether the last thing that happens to text is that it becomes the characters that stand for
  /// its bytes, so that it need not be done for a vocabulary over bytes.
  ///
  /// In a normalizer it always has to be done: added tokens are found after it.
  var endsInBytes: Bool {
    let steps = preTokenization?.steps ?? []
    // Falcon goes on splitting afterwards, which its scanner does over the bytes.
    if PreTokenizerPattern(steps: steps) == .falcon { return true }
    guard case .byteLevel = steps.last, normalizer?.steps.contains(.byteLevel) != true else {
      return false
    }
    return !steps.dropLast().contains { if case .byteLevel = $0 { true } else { false } }
  }
}

/// The steps of a byte-level tokenizer that the fast encoder does by itself.
struct ByteLevelSteps: Hashable, Sendable {
  var normalization: Normalization
  var addsPrefixSpace: Bool
  var pattern: PreTokenizerPattern

  /// The steps of a pipeline, or `nil` if it has others.
  init?(_ pipeline: TokenizerPipeline) {
    guard pipeline.endsInBytes else { return nil }
    let normalizers = pipeline.normalizer?.steps ?? []
    guard normalizers.count <= 1 else { return nil }
    switch normalizers.first {
    case nil: normalization = .none
    case .form(let form): normalization = form
    default: return nil
    }
    let steps = pipeline.preTokenization?.steps ?? []
    guard let pattern = PreTokenizerPattern(steps: steps) else { return nil }
    self.pattern = pattern
    addsPrefixSpace = steps.contains {
      if case .byteLevel(addsPrefixSpace: true, _, _) = $0 { true } else { false }
    }
    // Before the first split the space is put before the text, later before each pre-token.
    if addsPrefixSpace, steps.count > 1 { return nil }
  }
}
