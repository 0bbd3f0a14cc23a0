/// The steps from text to pre-tokens, in the form that encoding takes.
struct TextSteps: Sendable {
  /// Steps that the fast encoder does by itself.
  let byteLevel: ByteLevelSteps?
  private let normalizer: Normalizer?
  private let preTokenization: PreTokenization?
  /// The prefix space and the pattern of a last `ByteLevel`, whose characters are left out.
  private let lastStep: (addsPrefixSpace: Bool, usesExpression: Bool)?
  /// Falcon's steps, whose `ByteLevel` is not the last one: its scanner does them over the bytes.
  private let isFalcon: Bool
  /// Whether a step depends on where the text comes from.
  private let needsOrigins: Bool

  init(_ pipeline: TokenizerPipeline, _ alphabet: BPEAlphabet) {
    byteLevel = alphabet == .bytes ? ByteLevelSteps(pipeline) : nil
    let normalizers = pipeline.normalizer?.steps ?? []
    var splits = pipeline.preTokenization?.steps ?? []
    var lastStep: (Bool, Bool)?
    isFalcon = alphabet == .bytes && PreTokenizerPattern(steps: splits) == .falcon
    if isFalcon {
      splits = []
    } else if alphabet == .bytes,
      case .byteLevel(let addsPrefixSpace, let usesExpression, _)? = splits.last
    {
      lastStep = (addsPrefixSpace, usesExpression)
      splits.removeLast()
    }
    normalizer = normalizers.isEmpty ? nil : .sequence(normalizers)
    preTokenization = splits.isEmpty ? nil : .sequence(splits)
    self.lastStep = lastStep
    let hasFirst = splits.contains {
      if case .metaspace(let metaspace) = $0 { metaspace.prependScheme == .first } else { false }
    }
    needsOrigins = hasFirst && !normalizers.isEmpty
  }

  /// A part of a text, normalized.
  func normalized(
    _ bytes: Span<UInt8>, offset: Int, tracksOrigins: Bool
  ) throws(TokenizerError) -> AlignedText {
    var text = AlignedText(
      bytes.copied(), offset: offset, tracksOrigins: tracksOrigins || needsOrigins)
    normalizer?.apply(to: &text)
    try text.checkSize()
    return text
  }

  /// What an added token is looked for as in normalized text.
  func normalized(_ bytes: [UInt8]) throws(TokenizerError) -> [UInt8] {
    try normalizer?.normalized(bytes) ?? bytes
  }

  /// The pre-tokens of normalized text.
  func preTokens(of text: AlignedText) throws(TokenizerError) -> PreTokens {
    var preTokens = PreTokens(text)
    preTokenization?.apply(to: &preTokens)
    if isFalcon { preTokens.split(.isolated, PreTokenizer(pattern: .falcon).forEachPreToken) }
    if let lastStep {
      preTokens.splitBytes(
        addsPrefixSpace: lastStep.addsPrefixSpace, usesExpression: lastStep.usesExpression)
    }
    try preTokens.text.checkSize()
    return preTokens
  }
}
