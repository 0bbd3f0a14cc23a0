/// Gives the engine's symbols their IDs: a symbol of the base is its ID, the others are listed.
struct NewTokenNames {
  private let base: Tokenizer
  private let newIDs: NewTokenIDs
  private let reserved: Set<[UInt8]>
  /// For each token of the base whether it must not become the result of a new merge.
  private var isTaken: [Bool]
  /// The IDs of the symbols after those of the base.
  private var ids: [TokenID] = []
  /// The bytes of the tokens that the base does not have.
  private(set) var newTokens: [[UInt8]] = []
  /// The bytes of the token that was named last.
  private var lastName: [UInt8] = []

  init(_ base: Tokenizer, occurring: [Bool], newIDs: NewTokenIDs) {
    self.base = base
    self.newIDs = newIDs
    reserved = reservedBytes(base.addedTokens.map(\.content))
    isTaken = occurring
    for merge in base.merges {
      isTaken[Int(merge.left)] = true
      isTaken[Int(merge.right)] = true
    }
    for token in base.addedTokens { isTaken[Int(token.id)] = true }
  }

  /// The ID of a symbol.
  func id(of symbol: UInt32) -> TokenID {
    Int(symbol) < isTaken.count ? symbol : ids[Int(symbol) - isTaken.count]
  }

  /// The bytes of a symbol.
  func bytes(of symbol: UInt32) -> [UInt8] {
    let id = id(of: symbol)
    if let index = newIDs.index(of: id), index < newTokens.count { return newTokens[index] }
    return base.tokens.bytes(of: id).map { Array($0) } ?? []
  }

  /// The ID that a token of these bytes gets, or nil if it must not be made.
  mutating func name(_ bytes: [UInt8]) -> TokenID? {
    if reserved.contains(bytes) { return nil }
    lastName = bytes
    guard let existing = base.tokens.id(of: bytes) else {
      return newIDs[newTokens.count]
    }
    // Under ranks the bytes decide, so the base makes the token wherever it can be made.
    if base.model.semantics == .ranks || isTaken[Int(existing)] { return nil }
    return existing
  }

  /// Takes the name that was given last.
  mutating func append(_ id: TokenID) {
    ids.append(id)
    if id == newIDs[newTokens.count] { newTokens.append(lastName) } else { isTaken[Int(id)] = true }
  }
}

/// The byte strings that no merge may make, so that text never produces an added token, and no
/// tokenizer.json spells two tokens alike.
func reservedBytes(_ addedTokens: [String]) -> Set<[UInt8]> {
  var reserved = Set<[UInt8]>()
  for token in addedTokens {
    reserved.insert(Array(token.utf8))
    if let spelled = ByteAlphabet.bytes(spelledBy: token) { reserved.insert(spelled) }
  }
  return reserved
}
