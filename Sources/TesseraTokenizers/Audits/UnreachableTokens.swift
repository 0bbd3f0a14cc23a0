internal import TesseraBasics

/// A token that no text encodes to, and what stands in the way.
public struct UnreachableToken: Hashable, Sendable {
  /// What stands in the way of a token.
  public enum Reason: String, CaseIterable, Hashable, Sendable {
    /// It is spelled with characters that stand for no byte.
    case spelling
    /// Its own bytes are merged into other tokens.
    case merges
    /// Its own bytes are merged into it, but text is split inside of it, or it is merged on, whatever is
    /// around it.
    case splitting
    /// Normalization changes its text.
    case normalization
    /// An added token is found inside of it.
    case addedTokens
  }

  /// The token.
  public let id: TokenID
  /// What stands in the way.
  public let reason: Reason
  /// A token that text encodes to and that is merged out of this one; nil if there is none, and the
  /// token of no use.
  public let user: TokenID?
}

extension Tokenizer {
  /// The tokens of the vocabulary that no text encodes to.
  ///
  /// ``UnreachableToken/Reason/spelling`` and, for a list of merges without `ignore_merges`,
  /// ``UnreachableToken/Reason/merges`` are certain: a token that merging gives anywhere is what its own
  /// bytes are merged to. The other reasons mean that none of some hundred texts gave the token: its
  /// own, with letters, digits, white space and signs around it, and with its first and last bytes
  /// completed to characters. Text is bytes here, UTF-8 or not.
  ///
  /// Left out are added tokens, what a vocabulary has to have, that is the tokens of single bytes and the
  /// unknown token, and the pieces that a SentencePiece model marks as unused: those are merged on, or
  /// taken apart again.
  ///
  /// - Returns: The tokens by ID.
  /// - Throws: ``TokenizerError/interrupted`` after a signal.
  /// - Complexity: A few encodings of each token, and some hundred of each that is not found, on all
  ///   workers.
  public func unreachableTokens() throws(TokenizerError) -> [UnreachableToken] {
    guard let search = TokenTextSearch(self) else { return [] }
    let chunkSize = 1 << 11
    let idBound = tokens.idBound
    let chunks = try parallelMap((idBound + chunkSize - 1) / chunkSize) {
      chunk throws(TokenizerError) in
      var reasons: [(id: TokenID, reason: UnreachableToken.Reason)] = []
      let ids = chunk * chunkSize..<min(idBound, (chunk + 1) * chunkSize)
      try search.forEachObstacle(in: TokenID(ids.lowerBound)..<TokenID(ids.upperBound)) {
        reasons.append(($0, $1))
      }
      return reasons
    }
    let found = Array(chunks.joined())
    let users = model.users(of: Set(found.map(\.id)), besides: Set(addedTokens.map(\.id)))
    return found.map { UnreachableToken(id: $0.id, reason: $0.reason, user: users[$0.id]) }
  }

  /// Tokens that merging never gives.
  func unmergedTokens(_ unreachable: [UnreachableToken]) -> AuditResult {
    var result = AuditResult("tokens that no merge gives", .fault, examined: tokens.count)
    for token in unreachable {
      switch token.reason {
      case .merges:
        result.add(
          about: token.id, "\(name(of: token.id)) is encoded as \(ownEncoding(of: token.id))")
      case .spelling:
        result.add(about: token.id, "\(name(of: token.id)) has characters that stand for no byte")
      case .splitting, .normalization, .addedTokens: continue
      }
    }
    return result
  }

  /// Tokens that merging gives, and what happens to text before never lets it, nor gives a token that
  /// is merged out of them.
  func splitTokens(_ unreachable: [UnreachableToken]) -> AuditResult {
    var result = AuditResult("tokens that splitting prevents", .fault, examined: tokens.count)
    for token in unreachable where token.user == nil {
      switch token.reason {
      case .splitting:
        result.add(about: token.id, "\(name(of: token.id)) comes out of no text that was tried")
      case .normalization:
        result.add(about: token.id, "\(name(of: token.id)) is changed by normalization")
      case .addedTokens:
        result.add(about: token.id, "\(name(of: token.id)) has an added token inside")
      case .merges, .spelling: continue
      }
    }
    return result
  }

  /// Tokens that are never left as they are and yet needed, because others are merged out of them.
  func partialTokens(_ unreachable: [UnreachableToken]) -> AuditResult {
    var result = AuditResult("tokens that are only parts of others", .fact, examined: tokens.count)
    for token in unreachable {
      guard let user = token.user else { continue }
      result.add(about: token.id, "\(name(of: token.id)) is part of \(name(of: user))")
    }
    return result
  }

  private func ownEncoding(of id: TokenID) -> String {
    let bytes = tokens.bytes(of: id).map { Array($0) } ?? []
    let ids = (try? encode(bytes)) ?? []
    let shown = ids.prefix(8).map { String($0) }.joined(separator: " ")
    return shown + (ids.count > 8 ? " …" : "")
  }
}
