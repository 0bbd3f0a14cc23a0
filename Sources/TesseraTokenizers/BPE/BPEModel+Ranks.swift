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
    let compiled = CompiledBPE(self)
    var merger = PreTokenMerger()
    let made = Set(merges.map(\.result))
    var output = [TokenID](repeating: 0, count: TokenTable.maximumTokenSize)
    for id in 0..<TokenID(tokens.idBound) {
      guard let bytes = tokens.bytes(of: id), tokens.id(of: bytes) == id, !omitted.contains(id)
      else { continue }
      if bytes.count == 1 { continue }
      guard made.contains(id) else { return false }
      // SAFETY: a token has at most as many bytes as `output` has room for.
      let isWhole = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe merger.merge(bytes, compiled.view, into: output.baseAddress!) == 1
            && output[0] == id
        }
      }
      if !isWhole { return false }
    }
    return true
  }
}
