public import TesseraTokenizers

/// A check of an extended model that did not hold.
public enum AuditFinding: Hashable, Sendable {
  /// The files hold other tensors than the base, or other shapes than they should.
  case tensorsDiffer(name: String)
  /// An old row is not the base's, bit for bit.
  case oldRowChanged(tensor: String, row: Int)
  /// A new row has a component that is infinite or not a number.
  case nonFiniteRow(tensor: String, row: Int)
  /// A padding row that was added is not the mean of the rows of the base's tokens.
  case wrongFiller(tensor: String, row: Int)
  /// The tokenizer has another number of IDs than it should.
  case vocabularySizeDiffers(expected: Int, found: Int)
  /// An old token has other bytes under its ID than in the base.
  case oldTokenChanged(TokenID)
  /// A new token is not under its ID, or has other bytes.
  case newTokenChanged(TokenID)
  /// No text encodes to a new token.
  case unreachableToken(TokenID)
}

extension AuditFinding: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .tensorsDiffer(let name): "tensor \"\(name)\" is missing or has another shape or type"
    case .oldRowChanged(let tensor, let row): "row \(row) of \"\(tensor)\" is not the base's"
    case .nonFiniteRow(let tensor, let row):
      "new row \(row) of \"\(tensor)\" has a component that is not a finite number"
    case .wrongFiller(let tensor, let row):
      "padding row \(row) of \"\(tensor)\" is not the mean of the tokens' rows"
    case .vocabularySizeDiffers(let expected, let found):
      "the tokenizer has \(found) IDs, and \(expected) are expected"
    case .oldTokenChanged(let id): "token \(id) has other bytes than in the base"
    case .newTokenChanged(let id): "new token \(id) has other bytes than it was given"
    case .unreachableToken(let id): "no text encodes to new token \(id)"
    }
  }
}
