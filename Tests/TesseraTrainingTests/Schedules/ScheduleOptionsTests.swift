import TesseraTraining
import Testing

@Suite struct ScheduleOptionsTests {
  private func options(_ curve: ScheduleCurve) -> ScheduleOptions {
    var options = ScheduleOptions()
    options.curve = curve
    return options
  }

  @Test(arguments: ScheduleCurve.allCases)
  func `every curve takes all steps and stays between zero and the peak`(
    curve: ScheduleCurve
  ) throws {
    for steps in Array(1...60) + [399, 1_000, 12_345] {
      let schedule = try options(curve).schedule(peak: 2, steps: steps)
      #expect(schedule.steps == steps, "\(steps)")
      let values = (0..<steps).map(schedule.value(at:))
      #expect(values.allSatisfy { (0...2).contains($0) })
      #expect(steps < 10 || values.max() ?? 0 > 1.6, "\(steps)")
      #expect(values.dropLast().allSatisfy { $0 > 0 })
    }
  }

  @Test func `the inverse square root is that of the step`() {
    let schedule = Schedule.inverseSquareRoot(peak: 3, steps: 1_000, warmup: 50)
    for step in [50, 99, 199, 999] {
      let expected = 3 * (50 / Double(step + 1)).squareRoot()
      #expect(abs(schedule.value(at: step) - expected) < 1e-12)
    }
  }

  @Test func `an infinite curve falls to its plateau, stays there, and falls again`() throws {
    let schedule = try options(.infinite).schedule(peak: 3e-4, steps: 1_000)
    #expect(schedule.value(at: 39) == 3e-4)
    // The middle of the cosine of 600 steps.
    #expect(abs(schedule.value(at: 339) - 3e-4 * 0.775) < 1e-12)
    for step in 639..<900 { #expect(schedule.value(at: step) == 3e-4 * 0.55) }
    #expect(abs(schedule.value(at: 949) - 3e-4 * (0.55 * 0.1).squareRoot()) < 1e-12)
    #expect(abs(schedule.value(at: 999) - 3e-5) < 1e-18)
    let steep = try options(.infiniteInverseSquareRoot).schedule(peak: 3e-4, steps: 1_000)
    #expect(steep.value(at: 139) < schedule.value(at: 139))
    #expect(steep.value(at: 639) == 3e-4 * 0.55)
  }

  @Test func `restarts begin with a warmup each, and the last cycle is what is left`() throws {
    var options = options(.restart)
    options.cycle = 40
    options.warmup = 4
    let schedule = try options.schedule(peak: 1, steps: 100)
    for first in [0, 40, 80] {
      #expect(schedule.value(at: first) == 0.25 && schedule.value(at: first + 3) == 1)
    }
    for last in [39, 79, 99] { #expect(abs(schedule.value(at: last) - 0.1) < 1e-15) }
  }

  @Test func `reuse starts where the first training ended`() throws {
    let schedule = try options(.reuse).schedule(peak: 1e-5, steps: 200)
    #expect(schedule.value(at: 0) > 0.999 * 1e-5)
    #expect(abs(schedule.value(at: 199) - 1e-7) < 1e-20)
  }

  @Test func `the decay has the shape that was chosen`() throws {
    var options = options(.stableDecay)
    options.decay = 0.5
    options.decayShape = .linear
    options.floor = 0.2
    options.warmup = 0
    let schedule = try options.schedule(peak: 1, steps: 100)
    #expect(schedule.value(at: 49) == 1)
    #expect(abs(schedule.value(at: 74) - 0.6) < 1e-12)
    #expect(schedule.value(at: 99) == 0.2)
    let trapezoid = try self.options(.trapezoid).schedule(peak: 1, steps: 1_000)
    #expect(trapezoid.value(at: 39) == 1 && trapezoid.value(at: 349) == 1)
    #expect(abs(trapezoid.value(at: 999) - 0.05) < 1e-15)
  }

  @Test func `numbers that a curve does not have are refused`() {
    for curve in ScheduleCurve.allCases {
      for parameter in ScheduleCurve.Parameter.allCases {
        var options = options(curve)
        switch parameter {
        case .warmup: options.warmup = 3
        case .floor: options.floor = 0.5
        case .decay: options.decay = 0.5
        case .decayShape: options.decayShape = .cosine
        case .cooldown: options.cooldown = 0.1
        case .plateau: options.plateau = 0.7
        case .cycle: options.cycle = 7
        }
        #expect(options.chosen == [parameter])
        do throws(ScheduleError) {
          let schedule = try options.schedule(peak: 1, steps: 1_000)
          #expect(curve.parameters.contains(parameter))
          let plain = try self.options(curve).schedule(peak: 1, steps: 1_000)
          #expect(schedule != plain, "\(curve), \(parameter)")
        } catch {
          #expect(error == ScheduleError.unusedParameter(parameter.rawValue, curve: curve.rawValue))
          #expect(!curve.parameters.contains(parameter))
        }
      }
    }
    var options = options(.infinite)
    options.floor = 0
    #expect(throws: ScheduleError.exponentialToZero) {
      try options.schedule(peak: 1, steps: 1_000)
    }
  }

  private func segments(_ texts: [String], steps: Int) throws(ScheduleError) -> Schedule {
    var options = ScheduleOptions()
    for text in texts { options.segments.append(try SegmentRule(parsing: text)) }
    return try options.schedule(peak: 2, steps: steps)
  }

  @Test func `segments of one's own make up a curve`() throws {
    let schedule = try segments(
      ["5% linear 1", "20 constant 1", "rest cosine 0.5", "10% exponential 0.05"], steps: 200)
    #expect(schedule.segments.map(\.steps) == [10, 20, 150, 20])
    #expect(schedule.segments.map(\.from) == [0, 2, 2, 1])
    #expect(schedule.segments.map(\.to) == [2, 2, 1, 0.1])
    // Thirds have no whole number of steps; their borders are rounded.
    let thirds = try segments(
      Array(repeating: "33.333333% linear 0 1", count: 3), steps: 100)
    #expect(thirds.segments.map(\.steps) == [33, 34, 33])
  }

  @Test(
    arguments: [
      ("5% linear", "2 words"), ("5% linear 0 1 2", "5 words"),
      ("x linear 1", "\"x\" is not a number"),
      ("-5 linear 1", "\"-5\""), ("101% linear 1", "\"101%\""), ("nan% linear 1", "nan%"),
      ("99999999999999999999 linear 1", "99999"),
      ("5% lin 1", "\"lin\" is none of constant, linear"),
      ("5% linear -1", "rates"), ("5% linear 0 inf", "rates"), ("5% linear a 1", "rates"),
    ] as [(String, String)])
  func `a segment that cannot be understood is refused`(text: String, reason: String) {
    #expect {
      try SegmentRule(parsing: text)
    } throws: { error in
      guard case .malformedSegment(text, let found) = error as? ScheduleError else { return false }
      return found.contains(reason)
    }
  }

  @Test(
    arguments: [
      (["50% linear 1"], 50), (["60% linear 1", "60% linear 0"], 120), (["101 linear 1"], 101),
      (["101 linear 1", "rest linear 0"], 101), (["rest linear 1", "rest linear 0"], 0),
    ] as [([String], Int)])
  func `segments that do not make up the run are refused`(texts: [String], length: Int) {
    #expect(throws: ScheduleError.wrongLength("segments of the learning rate", length, steps: 100))
    {
      try segments(texts, steps: 100)
    }
  }
}
