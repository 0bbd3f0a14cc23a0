public import TesseraModels

/// Turns gradients into steps, by one of several methods, over parameter groups.
///
/// Whatever the method, rows of an embedding or a head only move when they have a gradient: where it
/// is zero, neither momentum nor decay moves the row, and what is remembered about it waits. Updates
/// are counted for each unit by itself, so a tensor that is thawed in the middle of a run, or a
/// token's row that is seen for the first time, starts as at step 1.
///
///     var optimizer = Optimizer(layout: model.layout, options: OptimizerOptions(.lion, moments: .bf16))
///     optimizer.step(
///       parameters: &model.parameters, gradient: gradient, gradientScale: 1, learningRate: 1e-4,
///       groups: ParameterGroup.standard(layout: model.layout, weightDecay: 0.5))
public struct Optimizer: Sendable {
  /// The method and its numbers.
  public let options: OptimizerOptions
  private let layout: ParameterLayout
  private var method: any OptimizerMethod
  private var updateCounts: [UInt32]
  /// The place of each tensor's first unit in the update counts.
  private let firstUnits: [Int]

  /// Creates an optimizer that has made no step.
  ///
  /// - Parameters:
  ///   - layout: The parameters.
  ///   - options: The method.
  ///   - moving: The places in the layout of the tensors that will ever move, which alone have memory; nil
  ///     for all.
  public init(
    layout: ParameterLayout, options: OptimizerOptions = OptimizerOptions(),
    moving: Set<Int>? = nil
  ) {
    self.init(layout: layout, options: options, moving: moving, state: nil)
  }

  /// Creates an optimizer that goes on from a state, whose arrays it takes; nil if the state does not fit.
  ///
  /// Unlike ``restore(_:)`` it has no arrays of its own meanwhile.
  ///
  /// - Parameters:
  ///   - layout: The parameters.
  ///   - options: The method.
  ///   - moving: The places in the layout of the tensors that will ever move; nil for all.
  ///   - state: A state of an optimizer of the same.
  public init?(
    layout: ParameterLayout, options: OptimizerOptions, moving: Set<Int>? = nil,
    restoring state: OptimizerState
  ) {
    self.init(layout: layout, options: options, moving: moving, state: state)
    guard fits(state) else { return nil }
    restore(state)
  }

  private init(
    layout: ParameterLayout, options: OptimizerOptions, moving: Set<Int>?, state: OptimizerState?
  ) {
    let names = moving.map { Set($0.map { layout.tensors[$0].name }) }
    func moves(_ tensor: ParameterLayout.Tensor) -> Bool { names?.contains(tensor.name) ?? true }
    var firstUnits: [Int] = []
    var unitCount = 0
    for tensor in layout.tensors {
      firstUnits.append(unitCount)
      unitCount += tensor.movesByRow ? tensor.rowCount : 1
    }
    self.options = options
    self.layout = layout
    self.firstUnits = firstUnits
    updateCounts = Array(repeating: 0, count: unitCount)
    method =
      switch options.kind {
      case .adamW:
        AdamW(
          layout: layout, options: options.adamW, precision: options.moments, state: state,
          isIncluded: moves)
      case .lion:
        Lion(
          layout: layout, options: options.lion, precision: options.moments, state: state,
          isIncluded: moves)
      case .adafactor:
        Adafactor(layout: layout, options: options.adafactor, isIncluded: moves)
      case .muon:
        Muon(
          layout: layout, options: options.muon, adamW: options.adamW, precision: options.moments,
          state: state, isIncluded: moves)
      }
  }

  /// What is remembered.
  public var state: OptimizerState {
    OptimizerState(updateCounts: updateCounts, memories: method.memories)
  }

  /// Whether a state is one of this method over this layout.
  public func fits(_ state: OptimizerState) -> Bool { state.hasShape(of: self.state) }

  /// Continues from a state.
  ///
  /// - Precondition: the state ``fits(_:)``.
  public mutating func restore(_ state: OptimizerState) {
    precondition(fits(state), "the state belongs to another model or method")
    updateCounts = state.updateCounts
    method.restore(state)
  }

  /// Makes one update.
  ///
  /// - Parameters:
  ///   - parameters: The parameters, changed in place.
  ///   - gradient: The gradient of the loss, in the same layout.
  ///   - gradientScale: A factor on the gradient, such as that of clipping.
  ///   - learningRate: The step's rate, before the groups' factors.
  ///   - groups: Which parameters move, and how fast; no row is in two of them.
  /// - Complexity: O(parameters in the groups), and what ``OptimizerKind/muon`` needs for products.
  public mutating func step(
    parameters: inout [Float], gradient: [Float], gradientScale: Double, learningRate: Double,
    groups: [ParameterGroup]
  ) {
    precondition(
      parameters.count == layout.count && gradient.count == layout.count,
      "parameters and gradient must have the layout's length")
    var parts: [[TensorUpdate.Part]] = Array(repeating: [], count: layout.tensors.count)
    for group in groups where group.rate > 0 {
      for member in group.members {
        parts[member.tensor].append(
          TensorUpdate.Part(
            rows: member.rows, step: 0, learningRate: learningRate * group.rate,
            weightDecay: group.weightDecay))
      }
    }
    for (index, tensor) in layout.tensors.enumerated() where !parts[index].isEmpty {
      var update = TensorUpdate(
        index: index, start: tensor.range.lowerBound, rowCount: tensor.rowCount,
        width: tensor.rowWidth, gradientScale: gradientScale,
        parts: parts[index].sorted { $0.rows.lowerBound < $1.rows.lowerBound })
      precondition(
        zip(update.parts, update.parts.dropFirst()).allSatisfy {
          $0.rows.upperBound <= $1.rows.lowerBound
        }, "a row is in two groups")
      count(&update, movesByRow: tensor.movesByRow, gradient: gradient.span)
      if !update.parts.isEmpty {
        method.apply(update, to: &parameters, gradient: gradient)
      }
    }
  }

  /// Counts up the units that move, and leaves out rows that have no gradient, of tensors that move by rows.
  private mutating func count(
    _ update: inout TensorUpdate, movesByRow: Bool, gradient: Span<Float>
  ) {
    let firstUnit = firstUnits[update.index]
    guard movesByRow else {
      updateCounts[firstUnit] += 1
      for i in update.parts.indices { update.parts[i].step = Int(updateCounts[firstUnit]) }
      return
    }
    var moving: [TensorUpdate.Part] = []
    for part in update.parts {
      var isFirst = true
      for row in part.rows {
        let start = update.start + row * update.width
        guard !isZero(gradient.extracting(start..<start + update.width)) else { continue }
        updateCounts[firstUnit + row] += 1
        let step = Int(updateCounts[firstUnit + row])
        if !isFirst, let last = moving.last, last.rows.upperBound == row, last.step == step {
          moving[moving.count - 1].rows = last.rows.lowerBound..<row + 1
        } else {
          var new = part
          new.rows = row..<row + 1
          new.step = step
          moving.append(new)
          isFirst = false
        }
      }
    }
    update.parts = moving
  }

  /// Whether every value is zero; a row with a gradient says no at its first values.
  private func isZero(_ values: Span<Float>) -> Bool {
    for i in values.indices where values[i] != 0 { return false }
    return true
  }
}
