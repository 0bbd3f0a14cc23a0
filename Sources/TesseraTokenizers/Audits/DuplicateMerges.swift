extension BPEModel {
  /// Pairs that are in the list of merges more than once: the last place counts, the others never.
  func duplicateMerges() -> AuditResult {
    var result = AuditResult("duplicate merges", .fault, examined: merges.count)
    var ranks: [PairKey: Int] = [:]
    ranks.reserveCapacity(merges.count)
    for (rank, merge) in merges.enumerated() {
      guard let first = ranks.updateValue(rank, forKey: PairKey(merge.left, merge.right)) else {
        continue
      }
      result.add(
        about: merge.result,
        "merge \(rank) of \(name(of: merge.left)) and \(name(of: merge.right)) is merge \(first) "
          + "already")
    }
    return result
  }
}
