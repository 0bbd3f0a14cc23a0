extension BPEModel {
  /// Whether ranks alone, as a rank file has them, give the same tokens as the merges.
  ///
  /// They do where each merge makes a new token, in order of the tokens' IDs, and each token of
  /// more than one byte is what its own bytes are merged to. Then, at the moment when any two
  /// tokens that together are a token are side by side, their bytes have been merged as if alone,
  /// so they are the two tokens of its merge.
  ///
  /// - Parameter omitted: Tokens that the rank file leaves out: added tokens. Where a merge makes
  ///   or uses one, ranks do not say what the merges say.
  func agreesWithRanks(without omitted: Set<TokenID>) -> Bool {
    if alphabet != .bytes { return false }
    if semantics == .ranks { return true }
    var previous: TokenID?
    for merge in merges {
      if omitted.contains(merge.left) || omitted.contains(merge.right)
        || omitted.contains(merge.result)
      {
        return false
      }
      if let previous, merge.result <= previous { return false }
      previous = merge.result
    }
    let made = Set(merges.map(\.result))
    for id in 0..<TokenID(tokens.idBound) where !omitted.contains(id) && !made.contains(id) {
      if let bytes = tokens.bytes(of: id), tokens.id(of: bytes) == id, bytes.count > 1 {
        return false
      }
    }
    return tokenBeyondMerges(without: omitted) == nil
  }

  /// The first token over bytes that its own bytes are not merged to.
  ///
  /// - Parameter omitted: Tokens that are not looked at.
  func tokenBeyondMerges(without omitted: Set<TokenID>) -> TokenID? {
    let compiled = CompiledBPE(self)
    var merger = PreTokenMerger()
    var output = [TokenID](repeating: 0, count: TokenTable.maximumTokenSize)
    for id in 0..<TokenID(tokens.idBound) {
      guard let bytes = tokens.bytes(of: id), tokens.id(of: bytes) == id, !omitted.contains(id),
        bytes.count > 1
      else { continue }
      // SAFETY: a token has at most as many bytes as `output` has room for.
      let isWhole = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe merger.merge(bytes, compiled.view, into: output.baseAddress!) == 1
            && output[0] == id
        }
      }
      if !isWhole { return id }
    }
    return nil
  }
}
