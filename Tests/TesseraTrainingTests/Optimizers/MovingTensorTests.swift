import TesseraBasics
import TesseraModels
import TesseraTensors
import Testing

@testable import TesseraTraining

/// States of runs in which other tensors move.
@Suite struct MovingTensorTests {
  private func gradient(_ layout: ParameterLayout, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<layout.count).map { _ in Float(random.normal()) }
  }

  @Test(arguments: OptimizerVariant.all)
  func `what moves in both keeps what is remembered of it, and the rest begins anew`(
    variant: OptimizerVariant
  ) throws {
    let model = tinyModel(tied: false)
    let layout = model.layout
    let all = Set(layout.tensors.indices)
    // The first, a matrix and a norm in the middle, and the last.
    let some = Set(layout.tensors.indices.filter { $0 % 3 == 0 || $0 == layout.tensors.count - 1 })
    func groups(_ places: Set<Int>) -> [ParameterGroup] {
      [
        ParameterGroup(
          name: "some", rate: 1, weightDecay: 0.1,
          members: places.sorted().map {
            ParameterGroup.Member(tensor: $0, rows: 0..<layout.tensors[$0].rowCount)
          })
      ]
    }
    func step(
      _ optimizer: inout Optimizer, _ parameters: inout [Float], _ places: Set<Int>, seed: UInt64
    ) {
      optimizer.step(
        parameters: &parameters, gradient: gradient(layout, seed: seed), gradientScale: 1,
        learningRate: 1e-2, groups: groups(places))
    }
    var whole = Optimizer(layout: layout, options: variant.options)
    var parameters = model.parameters
    for seed in 1...2 as ClosedRange<UInt64> { step(&whole, &parameters, all, seed: seed) }

    let state = try #require(
      whole.state.moving(layout: layout, options: variant.options, from: all, to: some))
    var part = try #require(
      Optimizer(layout: layout, options: variant.options, moving: some, restoring: state))
    do {
      var whole = whole
      var (left, right) = (parameters, parameters)
      step(&whole, &left, some, seed: 3)
      step(&part, &right, some, seed: 3)
      #expect(left == right && left != parameters)
    }

    // Back to all: what was left out is as if it had never moved.
    let back = try #require(
      state.moving(layout: layout, options: variant.options, from: some, to: all))
    var returned = try #require(
      Optimizer(layout: layout, options: variant.options, moving: all, restoring: back))
    var fresh = Optimizer(layout: layout, options: variant.options)
    var (old, new) = (parameters, parameters)
    step(&whole, &old, some, seed: 4)
    step(&fresh, &new, all.subtracting(some), seed: 4)
    var both = parameters
    step(&returned, &both, all, seed: 4)
    for (place, tensor) in layout.tensors.enumerated() {
      let expected = some.contains(place) ? old[tensor.range] : new[tensor.range]
      #expect(both[tensor.range] == expected, "\(tensor.name)")
    }
    // Not a state of these tensors.
    #expect(state.moving(layout: layout, options: variant.options, from: all, to: some) == nil)
  }
}
