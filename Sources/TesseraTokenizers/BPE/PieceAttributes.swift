/// What a SentencePiece model says about its tokens, which it calls pieces, beyond how they are
/// spelled.
///
/// Its merges have no list: any two adjacent pieces that together are a piece may become it, the one
/// with the greatest score first, and of equal scores the leftmost.
public struct PieceAttributes: Hashable, Sendable {
  /// What a piece is for.
  public enum Kind: UInt8, CaseIterable, Hashable, Sendable {
    /// A piece of text.
    case normal = 1
    /// What stands for text that no other piece covers.
    case unknown = 2
    /// A token without text, such as the end of a document.
    case control = 3
    /// A text that is found before anything is merged, and never merged.
    case userDefined = 4
    /// A piece that is merged, and then taken apart again; what cannot be taken apart is unknown.
    case unused = 5
    /// A byte.
    case byte = 6

    /// Whether two pieces may become one of this kind.
    var isMergeable: Bool { self == .normal || self == .unused || self == .userDefined }
  }

  /// The score of each token, by ID.
  public let scores: [Float]
  /// The kind of each token, by ID.
  public let kinds: [Kind]

  /// The attributes of tokens, by ID.
  ///
  /// - Parameters:
  ///   - scores: The scores, none of which is infinite or not a number.
  ///   - kinds: The kinds, as many as scores.
  public init(scores: [Float], kinds: [Kind]) {
    precondition(scores.count == kinds.count, "each token has a score and a kind")
    self.scores = scores
    self.kinds = kinds
  }

  /// The kind of a token; ``Kind/control`` for one that the model does not have.
  func kind(of id: TokenID) -> Kind { Int(id) < kinds.count ? kinds[Int(id)] : .control }

  /// The place of each token's score among all of them, the greatest first; equal ones share it.
  ///
  /// Zero is greater than minus zero, which is the score of a trained model's first piece.
  var ranks: [UInt32] {
    let keys = scores.map { score in
      let bits = Int32(bitPattern: score.bitPattern)
      return bits < 0 ? bits ^ .max : bits
    }
    var ranks = [UInt32](repeating: 0, count: keys.count)
    var rank: UInt32 = 0
    var previous: Int32?
    for id in keys.indices.sorted(by: { keys[$0] > keys[$1] }) {
      if let previous, keys[id] < previous { rank += 1 }
      previous = keys[id]
      ranks[id] = rank
    }
    return ranks
  }

  /// The tokens that are found before anything is merged.
  func userDefined(of tokens: TokenTable) -> AddedTokenMatcher {
    var symbols: [(bytes: [UInt8], token: AddedToken)] = []
    for id in kinds.indices where kinds[id] == .userDefined {
      guard let bytes = tokens.bytes(of: TokenID(id)) else { continue }
      symbols.append((Array(bytes), AddedToken("", id: TokenID(id), isSpecial: false)))
    }
    return AddedTokenMatcher(symbols)
  }
}
