import TesseraBasics
import TesseraModels
import TesseraTensors
import Testing

@testable import TesseraTraining

@Suite struct OptimizerTests {
  private func gradient(_ layout: ParameterLayout, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<layout.count).map { _ in Float(random.normal()) }
  }

  @Test func `whole tensors move as the reference says`() {
    let model = tinyModel()
    var parameters = model.parameters
    var optimizer = Optimizer(layout: model.layout)
    let groups = ParameterGroup.standard(layout: model.layout, weightDecay: 0.1)
    for step in 0..<3 {
      optimizer.step(
        parameters: &parameters, gradient: gradient(model.layout, seed: UInt64(step)),
        gradientScale: 0.5, learningRate: 1e-2, groups: groups)
    }
    for tensor in model.layout.tensors {
      for index in [tensor.range.lowerBound, tensor.range.upperBound - 1] {
        var (value, first, second) = (Double(model.parameters[index]), 0.0, 0.0)
        for step in 0..<3 {
          adamWReference(
            parameter: &value,
            gradient: 0.5 * Double(gradient(model.layout, seed: UInt64(step))[index]),
            firstMoment: &first, secondMoment: &second, learningRate: 1e-2, beta1: 0.9,
            beta2: 0.95, epsilon: 1e-8, weightDecay: tensor.role == .matrix ? 0.1 : 0,
            step: step + 1)
        }
        #expect(abs(Double(parameters[index]) - value) < 1e-6, "\(tensor.name)")
      }
    }
  }

  @Test(arguments: OptimizerVariant.all)
  func `a row without a gradient stays where it is, and so does what is known of it`(
    variant: OptimizerVariant
  ) {
    let model = tinyModel(tied: false)
    let layout = model.layout
    let rows = layout["model.embed_tokens.weight"]!
    var parameters = model.parameters
    var optimizer = Optimizer(layout: layout, options: variant.options)
    let groups = ParameterGroup.adaptation(
      layout: layout, newRows: RangeSet(20..<28), bodyRate: 1, baseRowRate: 1, newRowRate: 1,
      weightDecay: 0.1)
    // All rows get momentum, then rows 3 and 21 have no gradient for two steps.
    optimizer.step(
      parameters: &parameters, gradient: gradient(layout, seed: 1), gradientScale: 1,
      learningRate: 1e-2, groups: groups)
    let before = (parameters, optimizer.state)
    for seed in 2...3 as ClosedRange<UInt64> {
      var gradient = gradient(layout, seed: seed)
      for row in [3, 21] {
        for i in 0..<16 { gradient[rows.range.lowerBound + row * 16 + i] = 0 }
      }
      optimizer.step(
        parameters: &parameters, gradient: gradient, gradientScale: 1, learningRate: 1e-2,
        groups: groups)
    }
    // The embedding comes first in the layout, so a row has the same place in all that has its shape.
    #expect(rows.range.lowerBound == 0)
    for row in 0..<29 {
      let range = row * 16..<(row + 1) * 16
      let isStill = row == 3 || row == 21
      #expect((parameters[range] == before.0[range]) == isStill, "row \(row)")
      for memory in optimizer.state.memories {
        guard let old = before.1[memory.name],
          ![
            "column-means", "column-updates", "element-means",
            "momentum", "momentum-scales",
          ].contains(memory.name)
        else { continue }
        let isScale = memory.name.hasSuffix("-scales") || memory.name == "row-means"
        let place = isScale ? row..<row + 1 : range
        #expect(
          memory.values.equals(old.values, in: place) == isStill, "\(memory.name), row \(row)")
      }
      #expect(optimizer.state.updateCounts[row] == (isStill ? 1 : 3))
    }
  }

  @Test func `a row that starts late is corrected as at its first step`() {
    let model = tinyModel()
    let layout = model.layout
    var parameters = model.parameters
    var optimizer = Optimizer(layout: layout)
    let groups = ParameterGroup.standard(layout: layout, weightDecay: 0)
    var gradient = gradient(layout, seed: 1)
    let row = 5 * 16..<6 * 16
    let kept = gradient[row]
    for i in row { gradient[i] = 0 }
    for _ in 0..<4 {
      optimizer.step(
        parameters: &parameters, gradient: gradient, gradientScale: 1, learningRate: 1e-2,
        groups: groups)
    }
    gradient[row] = kept
    optimizer.step(
      parameters: &parameters, gradient: gradient, gradientScale: 1, learningRate: 1e-2,
      groups: groups)
    // A first step is the rate times the gradient's sign.
    for i in row {
      let moved = parameters[i] - model.parameters[i]
      #expect(abs(abs(moved) - 1e-2) < 1e-6 && (moved < 0) == (gradient[i] > 0))
    }
  }

  @Test func `new rows, base rows and body have their own rates and a frozen body is untouched`() {
    let model = tinyModel()
    var parameters = model.parameters
    var optimizer = Optimizer(layout: model.layout)
    optimizer.step(
      parameters: &parameters, gradient: gradient(model.layout, seed: 1), gradientScale: 1,
      learningRate: 1e-3,
      groups: ParameterGroup.adaptation(
        layout: model.layout, newRows: RangeSet(20..<28), bodyRate: 0, baseRowRate: 0.1,
        newRowRate: 5,
        weightDecay: 0.1))
    for i in parameters.indices {
      let moved = abs(parameters[i] - model.parameters[i])
      switch i {
      case 20 * 16..<28 * 16: #expect(abs(moved - 5e-3) < 1e-5)
      case 0..<29 * 16: #expect(abs(moved - 1e-4) < 1e-6)
      default: #expect(moved == 0)
      }
    }
  }

  @Test func `decay touches matrices alone`() {
    let groups = ParameterGroup.standard(layout: tinyModel(tied: false).layout, weightDecay: 0.1)
    let layout = tinyModel(tied: false).layout
    for group in groups {
      for member in group.members {
        #expect((group.weightDecay > 0) == (layout.tensors[member.tensor].role == .matrix))
      }
    }
    #expect(groups.reduce(0) { $0 + $1.members.count } == layout.tensors.count)
  }

  @Test(arguments: [[20..<28], [3..<5, 7..<8, 25..<29], []])
  func `adaptation groups cover every parameter once`(newRows: [Range<Int>]) {
    for tied in [true, false] {
      let layout = tinyModel(tied: tied).layout
      let groups = ParameterGroup.adaptation(
        layout: layout, newRows: RangeSet(newRows), bodyRate: 1, baseRowRate: 1, newRowRate: 1,
        weightDecay: 0)
      var covered = [Int](repeating: 0, count: layout.count)
      for member in groups.flatMap(\.members) {
        let tensor = layout.tensors[member.tensor]
        let rowCount = tensor.shape.count > 1 ? tensor.shape[0] : 1
        let width = tensor.range.count / rowCount
        for i in member.rows.lowerBound * width..<member.rows.upperBound * width {
          covered[tensor.range.lowerBound + i] += 1
        }
      }
      #expect(covered.allSatisfy { $0 == 1 })
      let new = groups.filter { $0.name == "new rows" }.flatMap(\.members)
      #expect(Set(new.map(\.rows)) == Set(newRows))
      #expect(new.count == newRows.count * (tied ? 1 : 2))
    }
  }
}

/// A method with a precision of its moments.
struct OptimizerVariant: CustomTestStringConvertible, Sendable {
  var kind: OptimizerKind
  var moments: MomentPrecision

  var options: OptimizerOptions { OptimizerOptions(kind, moments: moments) }
  var testDescription: String { "\(kind.rawValue), \(moments.rawValue)" }

  /// Each method in each precision that it knows.
  static let all = OptimizerKind.allCases.flatMap { kind in
    (kind.hasMoments ? MomentPrecision.allCases : [.f32]).map {
      OptimizerVariant(kind: kind, moments: $0)
    }
  }
}

extension OptimizerMemory.Values {
  /// Whether some of the numbers are the same as others.
  fileprivate func equals(_ other: Self, in range: Range<Int>) -> Bool {
    floats.isEqual(other.floats, in: range) && brainFloats.isEqual(other.brainFloats, in: range)
      && bytes.isEqual(other.bytes, in: range) && counts.isEqual(other.counts, in: range)
  }
}

extension Array where Element: Equatable {
  /// Whether a part is that of another array; of empty ones it is.
  fileprivate func isEqual(_ other: [Element], in range: Range<Int>) -> Bool {
    isEmpty && other.isEmpty || self[range] == other[range]
  }
}
