/// A part of a tokenizer.json that changes what tokenizers returns for a text, but not what `encode`
/// does.
public enum UnappliedPart: String, CaseIterable, Hashable, Sendable {
  /// Tokens beyond a maximal length are left out.
  case truncation
  /// Tokens are added up to a length.
  case padding
  /// Tokens are added at the beginning or the end.
  case postProcessor = "post_processor"
}
