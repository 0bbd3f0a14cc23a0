/// What stops a tokenizer from being trimmed.
public enum TrimmingError: Error, Equatable, Sendable {
  /// There are no more tokens than are to be left.
  case nothingToRemove(size: Int, tokenCount: Int)
  /// What has to stay is more than is to be left.
  case tooFewRemovable(size: Int, least: Int, tokenCount: Int)
  /// Tokens have a prefix or suffix, so that their bytes alone do not say how they come about.
  case affixes
  /// The trimmed tokenizer cannot be made.
  case tokenizer(TokenizerError)
  /// Tokens that a text gave before are given by none that was tried; their old IDs.
  case madeUnreachable([TokenID])
}

extension TrimmingError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .nothingToRemove(let size, let tokenCount):
      "a vocabulary of \(size) is asked for, and there are \(tokenCount) tokens: ask for fewer"
    case .tooFewRemovable(let size, let least, let tokenCount):
      "a vocabulary of \(size) is asked for, and \(least) of the \(tokenCount) tokens have to stay: "
        + "bytes, added tokens, and what is kept with the parts of its merges"
    case .affixes:
      "a vocabulary with continuing_subword_prefix or end_of_word_suffix cannot be trimmed"
    case .tokenizer(let error): "\(error)"
    case .madeUnreachable(let ids):
      "no text was found any more for \(ids.count) tokens that are left, such as \(ids[0]); keep the "
        + "tokens that they are part of, or trim less"
    }
  }
}
