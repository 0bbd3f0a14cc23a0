/// How text is changed before it is split: what the member `normalizer` of a tokenizer.json says.
///
/// Each case but one is the part of tokenizers with the same name, and does what it does, but that
/// bytes which are not UTF-8 stay as they are. See ``Normalization`` for the four normalization forms.
public indirect enum Normalizer: Hashable, Sendable {
  /// One of Unicode's normalization forms: `NFC`, `NFD`, `NFKC`, `NFKD`.
  case form(Normalization)
  /// Each character in lower case, on its own: a final sigma stays a sigma.
  case lowercase
  /// Combining marks are left out.
  case stripAccents
  /// Every match of a pattern is replaced by a text.
  case replace(TextPattern, content: String)
  /// A text is put before each text that is not empty.
  case prepend(String)
  /// White space at the ends is left out.
  case strip(left: Bool, right: Bool)
  /// The rules of Google's neural machine translation: some control characters are left out, and
  /// odd spaces become a space.
  case nmt
  /// What BERT does.
  case bert(BertNormalizer)
  /// A table of replacements as SentencePiece compiles it.
  case precompiled(PrecompiledCharacterMap)
  /// What SentencePiece does; tokenizers has no such part.
  case sentencePiece(SentencePieceNormalizer)
  /// Each byte becomes the character that stands for it in ``ByteAlphabet``.
  case byteLevel
  /// One after another.
  case sequence([Normalizer])
}

extension Normalizer {
  /// Changes a text.
  func apply(to text: inout AlignedText) {
    if text.bytes.isEmpty { return }
    switch self {
    case .form(let form): text.normalize(to: form)
    case .lowercase: text.lowercase()
    case .stripAccents: text.remove(NormalizerTables.accents)
    case .replace(let pattern, let content): text.replace(pattern, with: content)
    case .prepend(let content): text.prepend(content)
    case .strip(let left, let right): text.strip(left: left, right: right)
    case .nmt: text.applyNMTRules()
    case .bert(let normalizer): normalizer.apply(to: &text)
    case .precompiled(let map): map.apply(to: &text)
    case .sentencePiece(let normalizer): normalizer.apply(to: &text)
    case .byteLevel: text.spellBytes()
    case .sequence(let steps): for step in steps { step.apply(to: &text) }
    }
  }

  /// The normalized text.
  ///
  /// - Parameter bytes: The text.
  /// - Throws: ``TokenizerError/textGrowsTooLong(size:limit:)``.
  public func normalized(_ bytes: [UInt8]) throws(TokenizerError) -> [UInt8] {
    var text = AlignedText(bytes, offset: 0, tracksOrigins: false)
    apply(to: &text)
    try text.checkSize()
    return text.bytes
  }

  /// The steps, sequences within sequences resolved.
  var steps: [Normalizer] {
    if case .sequence(let steps) = self { steps.flatMap(\.steps) } else { [self] }
  }
}
