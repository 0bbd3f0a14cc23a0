import TesseraTraining
import Testing

@Suite struct ScheduleTests {
  @Test func `warmup rises in equal steps and the cosine ends at the floor`() {
    let schedule = Schedule.warmupCosine(peak: 1, steps: 110, warmup: 10, floor: 0.1)
    #expect(abs(schedule.value(at: 0) - 0.1) < 1e-15)
    #expect(abs(schedule.value(at: 4) - 0.5) < 1e-15)
    #expect(schedule.value(at: 9) == 1)
    // Halfway down the cosine, and at its last step.
    #expect(abs(schedule.value(at: 59) - 0.55) < 1e-12)
    #expect(schedule.value(at: 109) == 0.1)
  }

  @Test func `past the end the last value stays`() {
    let schedule = Schedule.warmupCosine(peak: 3e-4, steps: 50)
    #expect(schedule.value(at: 50) == schedule.value(at: 49))
    #expect(schedule.value(at: 1_000_000) == schedule.value(at: 49))
  }

  @Test func `the stable part is constant and the decay reaches its floor`() {
    let schedule = Schedule.warmupStableDecay(peak: 2, steps: 100, warmup: 10, decay: 0.2)
    for step in 9..<80 { #expect(schedule.value(at: step) == 2) }
    // A quarter into the decay, 1 - √(1/4) of the peak is left.
    #expect(abs(schedule.value(at: 84) - 1) < 1e-12)
    #expect(schedule.value(at: 99) == 0)
  }

  @Test func `a constant schedule keeps its peak after the warmup`() {
    let schedule = Schedule.constant(peak: 0.5, steps: 20, warmup: 4)
    #expect(
      (0..<20).map(schedule.value(at:)) == [0.125, 0.25, 0.375] + Array(repeating: 0.5, count: 17))
  }

  @Test(arguments: ScheduleShape.allCases)
  func `every shape meets its ends and does not leave the space between`(shape: ScheduleShape) {
    #expect(shape == .constant || shape.value(at: 0, from: 1, to: 0.01) == 1)
    #expect(shape.value(at: 1, from: 1, to: 0.01) == 0.01)
    var previous = Double.infinity
    for i in 0...100 {
      let value = shape.value(at: Double(i) / 100, from: 1, to: 0.01)
      #expect(value <= previous && (0.01...1).contains(value))
      previous = value
    }
  }

  @Test func `the exponential shape halves in equal steps`() {
    let value = ScheduleShape.exponential.value(at: 0.5, from: 4, to: 1)
    #expect(abs(value - 2) < 1e-15)
  }

  @Test(arguments: [(1, 1), (10, 1), (100, 10), (399, 39), (1_000, 40), (50_000, 500)])
  func `the default warmup is a hundredth of the steps, at least 40, at most a tenth`(
    steps: Int, warmup: Int
  ) {
    #expect(Schedule.defaultWarmup(steps: steps) == warmup)
  }

  @Test(arguments: 1...30)
  func `short runs have a rate at every step`(steps: Int) {
    let schedule = Schedule.warmupCosine(peak: 1, steps: steps)
    #expect(schedule.steps == steps)
    #expect((0..<steps).allSatisfy { schedule.value(at: $0) > 0 })
  }
}
