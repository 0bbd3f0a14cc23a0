import TesseraModels

extension OptimizerState {
  /// The state of a run in which other tensors move.
  ///
  /// A tensor that moves in both keeps all that is remembered of it. One that did not move before begins as
  /// at step 1, and of one that does not any more nothing is kept.
  ///
  /// - Parameters:
  ///   - layout: The parameters.
  ///   - options: The method, of both runs.
  ///   - old: The places in the layout of the tensors that moved.
  ///   - new: The places of those that will.
  /// - Returns: The state; nil where this one is not of that method, layout and tensors.
  func moving(
    layout: ParameterLayout, options: OptimizerOptions, from old: Set<Int>, to new: Set<Int>
  ) -> OptimizerState? {
    let before = Optimizer(layout: layout, options: options, moving: old)
    guard before.fits(self) else { return nil }
    var result = Optimizer(layout: layout, options: options, moving: new).state
    var unit = 0
    for (place, tensor) in layout.tensors.enumerated() {
      let units = unit..<unit + (tensor.movesByRow ? tensor.rowCount : 1)
      unit = units.upperBound
      guard old.contains(place), new.contains(place) else { continue }
      result.updateCounts.replaceSubrange(units, with: updateCounts[units])
    }
    for index in result.memories.indices {
      let name = result.memories[index].name
      guard let source = self[name] else { return nil }
      var (from, to) = (0, 0)
      for (place, tensor) in layout.tensors.enumerated() {
        let isCount = name == Adafactor.columnUpdatesName
        let count = options.stateCount(of: tensor, in: name)
        if old.contains(place), new.contains(place) {
          result.memories[index].values.replace(
            to..<to + count, by: source.values, from: from)
        }
        // There is a count for every tensor.
        if old.contains(place) || isCount { from += count }
        if new.contains(place) || isCount { to += count }
      }
    }
    return result
  }
}

extension OptimizerMemory.Values {
  /// Copies elements of another array of the same type, from a place on.
  fileprivate mutating func replace(_ range: Range<Int>, by other: Self, from start: Int) {
    let source = start..<start + range.count
    switch self {
    case .floats(var values):
      self = .floats([])
      values.replaceSubrange(range, with: other.floats[source])
      self = .floats(values)
    case .brainFloats(var values):
      self = .brainFloats([])
      values.replaceSubrange(range, with: other.brainFloats[source])
      self = .brainFloats(values)
    case .bytes(var values):
      self = .bytes([])
      values.replaceSubrange(range, with: other.bytes[source])
      self = .bytes(values)
    case .counts(var values):
      self = .counts([])
      values.replaceSubrange(range, with: other.counts[source])
      self = .counts(values)
    }
  }
}

extension OptimizerOptions {
  /// The number of elements that a memory with a name has of a tensor that moves.
  fileprivate func stateCount(of tensor: ParameterLayout.Tensor, in name: String) -> Int {
    if kind == .adafactor { return Adafactor.stateCount(of: tensor, in: name) }
    if kind == .muon, Muon.moves(tensor) != name.hasPrefix(Muon.momentumName) { return 0 }
    return name.hasSuffix(MomentMemory.scaleSuffix)
      ? tensor.rowCount * MomentMemory.blockCount(width: tensor.rowWidth) : tensor.range.count
  }
}
