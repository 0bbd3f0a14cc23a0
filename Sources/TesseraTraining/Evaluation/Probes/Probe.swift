/// A test of a model that needs plain text and a seed, and nobody's labels.
///
/// All of them compare probabilities that the model gives, or look at what it writes; none gives it
/// instructions, so they work on models of any size and in any language.
public enum Probe: String, CaseIterable, Sendable {
  /// Whether what has been there before is more likely the second time: the ability behind learning in
  /// context. Olsson et al., "In-context Learning and Induction Heads", 2022, arXiv:2209.11895.
  case induction
  /// Whether a document's own continuation is more likely than those of other documents.
  case continuation
  /// Whether a sentence is more likely than the same one, damaged.
  case corruption
  /// Whether the last word of a paragraph, which has been in it before, is found. After Paperno et al.,
  /// "The LAMBADA dataset", 2016, arXiv:1606.06031.
  case lastWord = "last-word"
  /// Whether what the model writes is sound.
  case generation
  /// Whether a sentence's translation is more likely after it than other sentences.
  case parallel

  /// Whether the probe reads parallel text in place of a corpus.
  public var needsParallelText: Bool { self == .parallel }
}

/// How probes are made.
public struct ProbeOptions: Hashable, Sendable {
  /// The most items of a probe for each corpus. 200 give an accuracy of one half within 7 points.
  public var itemLimit = 200
  /// Among how many candidates the model chooses.
  public var candidateCount = 4
  /// How many texts the model writes for each corpus.
  public var sampleCount = 32
  /// The most tokens of such a text.
  public var sampleTokenCount = 128
  /// How freely it writes: as `generate` does by default.
  public var temperature = 0.8
  /// See `SamplingOptions/topP`.
  public var topP = 0.95
  /// The seed of all choices.
  public var seed: UInt64 = 0

  /// The recommended options.
  public init() {}
}
