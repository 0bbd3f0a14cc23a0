/// What a training cannot be made with.
public enum TrainingError: Error, Equatable, Sendable {
  /// The vocabulary has no room for the bytes and the special tokens.
  case vocabularyTooSmall(size: Int, minimum: Int)
  /// The number of tokens to add is negative.
  case negativeTokenCount(Int)
  /// New IDs would begin among those of the base.
  case firstIDOccupied(TokenID, minimum: Int)
  /// An ID is to be given to a new token, and no added token has it that could go.
  case idNotReusable(TokenID)
  /// A new token would get an ID among those of the base, where IDs say which token is merged first.
  case idBeforeRanks(TokenID, last: TokenID)
  /// The vocabulary has more tokens than IDs are for.
  case vocabularyTooLarge(size: Int, maximum: Int)
  /// A limit of the length of tokens under which no pair could be merged.
  case maximumTokenLengthTooSmall(Int)
  /// A special token is empty, or given twice.
  case invalidSpecialToken(String)
  /// A special token has the spelling of a byte in a tokenizer.json.
  case specialTokenIsByte(String, byte: UInt8)
  /// There is no Unicode script of a name.
  case unknownScript(String)
  /// The corpus has no text.
  case emptyCorpus
  /// The distinct pre-tokens have more symbols than positions are for.
  case tooManySymbols(count: Int, maximum: Int)
  /// The memory budget is too small for a step of the training.
  case memoryTooSmall(size: Int, minimum: Int, for: MemoryUse)
  /// The corpus is not the one that the state of a killed run is of, up to a place in a file.
  case corpusChanged(path: String?)
  /// The merges in the state of a killed run are none that a training makes.
  case unusableMerges
  /// Counts cannot be read or written.
  case counts(CountFileError)
  /// The process was asked to stop.
  case interrupted
}

extension TrainingError {
  /// The error of a training in whose counts another one was found.
  init(_ error: CountFileError) {
    self = error == .interrupted ? .interrupted : .counts(error)
  }
}

extension TrainingError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .vocabularyTooSmall(let size, let minimum):
      "a vocabulary of \(size) has no room for 256 bytes and the special tokens, "
        + "which need \(minimum)"
    case .negativeTokenCount(let count):
      "there cannot be \(count) new tokens"
    case .firstIDOccupied(let id, let minimum):
      "new tokens cannot begin at the ID \(id): the base has IDs up to \(minimum - 1)"
    case .idNotReusable(let id):
      "the ID \(id) cannot be given to a new token: it is not that of an added token that merges, "
        + "post-processing and padding do without"
    case .idBeforeRanks(let id, let last):
      "a new token cannot get the ID \(id) of a reserved one: the tokenizer goes by ranks, and the token "
        + "would be merged before those up to \(last); only new IDs can be used (--reserved keep)"
    case .vocabularyTooLarge(let size, let maximum):
      "a vocabulary of \(size) is larger than \(maximum), the largest possible"
    case .maximumTokenLengthTooSmall(let length):
      "a maximum token length of \(length) leaves nothing to merge, it must be 2 or more"
    case .invalidSpecialToken(let token):
      token.isEmpty
        ? "a special token is empty" : "the special token \"\(token.shortened())\" is given twice"
    case .specialTokenIsByte(let token, let byte):
      "the special token \"\(token.shortened())\" is how a tokenizer.json spells the byte \(byte)"
    case .unknownScript(let name):
      "there is no Unicode script \"\(name.shortened())\"; scripts have names such as Devanagari, or "
        + "codes such as Deva"
    case .emptyCorpus:
      "the corpus is empty: it has no text to train on"
    case .tooManySymbols(let count, let maximum):
      "the distinct pre-tokens have \(count) symbols, more than \(maximum), "
        + "the most that can be trained on"
    case .memoryTooSmall(let size, let minimum, let use):
      "a memory budget of \(MemoryBudget.text(ofSize: size)) is too small, "
        + "\((minimum + (1 << 20) - 1) >> 20)M \(use.least)"
    case .unusableMerges:
      "the merges that a killed run has left make no tokenizer; with --force they are dropped"
    case .corpusChanged(let path):
      "the corpus has changed" + (path.map { ", in \($0) or before it," } ?? "")
        + " since a part of it was counted, so the counting cannot go on; with --force it starts over"
    case .counts(let error): error.description
    case .interrupted:
      "interrupted"
    }
  }
}
