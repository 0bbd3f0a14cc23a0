internal import TesseraBasics

/// A part of a tokenizer.json that changes what tokenizers returns for a text, but is not applied
/// here.
public enum UnappliedPart: String, CaseIterable, Hashable, Sendable {
  /// Tokens beyond a maximal length are left out.
  case truncation
  /// Tokens are added up to a length.
  case padding
  /// Tokens are added at the beginning or the end.
  case postProcessor = "post_processor"

  /// Whether a post-processor adds tokens: all but `ByteLevel`, alone or in sequences, may.
  static func addsTokens(_ value: JSONValue) -> Bool {
    switch value["type"]?.string {
    case "ByteLevel": false
    // The parser has bounded the depth.
    case "Sequence": value["processors"]?.array?.contains(where: addsTokens) ?? true
    default: true
    }
  }
}
