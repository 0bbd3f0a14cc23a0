extension BPEModel {
  /// Merges that cannot be done as they are: a part or the result is missing, or the result is not
  /// the parts one after the other.
  func brokenMerges() -> AuditResult {
    var result = AuditResult("broken merges", .fault, examined: merges.count)
    let prefixSize = options.continuingSubwordPrefix.utf8.count
    for (rank, merge) in merges.enumerated() {
      let parts = [merge.left, merge.right, merge.result]
      if let missing = parts.first(where: { !tokens.contains($0) }) {
        result.add(about: missing, "merge \(rank) needs \(name(of: missing))")
      } else if !isConcatenation(merge, prefixSize: prefixSize) {
        result.add(
          about: merge.result,
          "merge \(rank) makes \(name(of: merge.result)) out of \(name(of: merge.left)) and "
            + name(of: merge.right))
      }
    }
    return result
  }

  private func isConcatenation(_ merge: Merge, prefixSize: Int) -> Bool {
    if prefixSize == 0 { return tokens.isConcatenation(merge.result, of: merge.left, merge.right) }
    guard let left = tokens.bytes(of: merge.left), let right = tokens.bytes(of: merge.right) else {
      return false
    }
    return tokens.bytes(of: merge.result).map { Array($0) }
      == Array(left) + Array(right.dropFirst(prefixSize))
  }
}
