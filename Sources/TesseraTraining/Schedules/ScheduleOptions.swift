/// How the learning rate runs: a curve with its numbers, or a list of segments.
///
/// What is nil is the curve's own. Shares are of the peak, or of the steps of the whole run.
public struct ScheduleOptions: Hashable, Sendable {
  /// The curve.
  public var curve = ScheduleCurve.cosine
  /// The steps over which the rate rises to its peak, of each cycle in ``ScheduleCurve/restart``.
  public var warmup: Int?
  /// The last rate as a share of the peak.
  public var floor: Double?
  /// The share of the steps over which the rate falls at the end.
  public var decay: Double?
  /// How it falls at the end.
  public var decayShape: ScheduleShape?
  /// The share of the steps over which the rate falls to the plateau.
  public var cooldown: Double?
  /// The plateau as a share of the peak.
  public var plateau: Double?
  /// The steps from one restart to the next.
  public var cycle: Int?
  /// Segments in place of a curve, if there are any.
  public var segments: [SegmentRule] = []

  /// The recommended curve.
  public init() {}

  /// What the curve is called: its name, or `segments`.
  public var name: String { segments.isEmpty ? curve.rawValue : "segments" }

  /// The numbers that were chosen.
  public var chosen: Set<ScheduleCurve.Parameter> {
    var chosen: Set<ScheduleCurve.Parameter> = []
    if warmup != nil { chosen.insert(.warmup) }
    if floor != nil { chosen.insert(.floor) }
    if decay != nil { chosen.insert(.decay) }
    if decayShape != nil { chosen.insert(.decayShape) }
    if cooldown != nil { chosen.insert(.cooldown) }
    if plateau != nil { chosen.insert(.plateau) }
    if cycle != nil { chosen.insert(.cycle) }
    return chosen
  }

  /// The segments over a number of steps.
  ///
  /// - Parameters:
  ///   - peak: The highest rate.
  ///   - steps: The number of steps.
  ///   - defaultWarmup: The warmup where none was chosen; nil is
  ///     ``Schedule/defaultWarmup(steps:)``.
  /// - Throws: ``ScheduleError`` where segments do not make up the steps, or a number is one that the
  ///   curve does not have.
  public func schedule(
    peak: Double, steps: Int, defaultWarmup: Int? = nil
  ) throws(ScheduleError) -> Schedule {
    if !segments.isEmpty {
      if let parameter = Self.first(of: chosen) {
        throw .unusedParameter(parameter, curve: "a list of segments")
      }
      return try SegmentRule.schedule(segments, peak: peak, steps: steps)
    }
    if let parameter = Self.first(of: chosen.subtracting(curve.parameters)) {
      throw .unusedParameter(parameter, curve: curve.rawValue)
    }
    let warmup = warmup ?? defaultWarmup
    switch curve {
    case .cosine:
      return .warmupCosine(peak: peak, steps: steps, warmup: warmup, floor: floor ?? 0.1)
    case .linear:
      return .warmupLinear(peak: peak, steps: steps, warmup: warmup, floor: floor ?? 0)
    case .stableDecay:
      return try .warmupStableDecay(
        peak: peak, steps: steps, warmup: warmup, decay: decay ?? 0.2,
        shape: checkedShape(.oneMinusSquareRoot, floor: floor ?? 0), floor: floor ?? 0)
    case .trapezoid:
      return try .warmupStableDecay(
        peak: peak, steps: steps, warmup: warmup ?? min(40, steps / 10), decay: decay ?? 0.65,
        shape: checkedShape(.linear, floor: floor ?? 0.05), floor: floor ?? 0.05)
    case .constant: return .constant(peak: peak, steps: steps, warmup: warmup)
    case .inverseSquareRoot: return .inverseSquareRoot(peak: peak, steps: steps, warmup: warmup)
    case .infinite, .infiniteInverseSquareRoot:
      return try .infinite(
        peak: peak, steps: steps, warmup: warmup, cooldown: cooldown ?? 0.6,
        cooldownShape: curve == .infinite ? .cosine : .inverseSquareRoot,
        plateau: plateau ?? 0.55, decay: decay ?? 0.1,
        decayShape: checkedShape(.exponential, floor: floor ?? 0.1), floor: floor ?? 0.1)
    case .restart:
      return .restarts(
        peak: peak, steps: steps, cycle: cycle ?? max(1, (steps + 3) / 4), warmup: self.warmup,
        floor: floor ?? 0.1)
    case .reuse: return .reuse(start: peak, steps: steps, floor: floor ?? 0.01)
    }
  }

  /// The shape of the last decay; an exponential one never reaches zero.
  private func checkedShape(
    _ standard: ScheduleShape, floor: Double
  ) throws(ScheduleError) -> ScheduleShape {
    let shape = decayShape ?? standard
    if shape == .exponential, floor <= 0 { throw .exponentialToZero }
    return shape
  }

  /// The first of some numbers, in the order of their declaration.
  private static func first(of parameters: Set<ScheduleCurve.Parameter>) -> String? {
    ScheduleCurve.Parameter.allCases.first(where: parameters.contains)?.rawValue
  }
}
