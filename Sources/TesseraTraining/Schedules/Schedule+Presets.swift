/// The curves of the literature, as segment lists.
extension Schedule {
  /// Linear warmup to the peak, then a cosine down to a share of it.
  ///
  /// In continued pretraining this is re-warming: the rate rises again to about the peak of the
  /// first training and falls to a tenth.
  ///
  /// Gupta et al., "Continual Pre-Training of Large Language Models: How to (re)warm your model?",
  /// 2023, arXiv:2308.04014; Ibrahim et al., "Simple and Scalable Strategies to Continually Pre-train
  /// Large Language Models", 2024, arXiv:2403.08763.
  ///
  /// - Parameters:
  ///   - peak: The highest rate.
  ///   - steps: The number of steps of the whole run.
  ///   - warmup: The number of warmup steps; nil is ``defaultWarmup(steps:)``.
  ///   - floor: The last step's rate as a share of the peak.
  public static func warmupCosine(
    peak: Double, steps: Int, warmup: Int? = nil, floor: Double = 0.1
  ) -> Schedule {
    let warmup = min(warmup ?? defaultWarmup(steps: steps), steps)
    return Schedule(segments: [
      Segment(steps: warmup, shape: .linear, from: 0, to: peak),
      Segment(steps: steps - warmup, shape: .cosine, from: peak, to: peak * floor),
    ])
  }

  /// Linear warmup to the peak, then a line down to a share of it.
  ///
  /// - Parameters:
  ///   - peak: The highest rate.
  ///   - steps: The number of steps of the whole run.
  ///   - warmup: The number of warmup steps; nil is ``defaultWarmup(steps:)``.
  ///   - floor: The last step's rate as a share of the peak.
  public static func warmupLinear(
    peak: Double, steps: Int, warmup: Int? = nil, floor: Double = 0
  ) -> Schedule {
    let warmup = min(warmup ?? defaultWarmup(steps: steps), steps)
    return Schedule(segments: [
      Segment(steps: warmup, shape: .linear, from: 0, to: peak),
      Segment(steps: steps - warmup, shape: .linear, from: peak, to: peak * floor),
    ])
  }

  /// Linear warmup, a constant stretch, and a decay over the last part: warmup, stable, decay.
  ///
  /// Hu et al., "MiniCPM", 2024, arXiv:2404.06395; the decay's shape from Hägele et al., 2024,
  /// arXiv:2405.18392.
  ///
  /// - Parameters:
  ///   - peak: The highest rate.
  ///   - steps: The number of steps of the whole run.
  ///   - warmup: The number of warmup steps; nil is ``defaultWarmup(steps:)``.
  ///   - decay: The share of the steps over which the rate falls.
  ///   - shape: How it falls.
  ///   - floor: The last step's rate as a share of the peak.
  public static func warmupStableDecay(
    peak: Double, steps: Int, warmup: Int? = nil, decay: Double = 0.2,
    shape: ScheduleShape = .oneMinusSquareRoot, floor: Double = 0
  ) -> Schedule {
    let warmup = min(warmup ?? defaultWarmup(steps: steps), steps)
    let falling = min(steps - warmup, Int((Double(steps) * decay).rounded()))
    return Schedule(segments: [
      Segment(steps: warmup, shape: .linear, from: 0, to: peak),
      Segment(steps: steps - warmup - falling, shape: .constant, from: peak, to: peak),
      Segment(steps: falling, shape: shape, from: peak, to: peak * floor),
    ])
  }

  /// Linear warmup, then the peak to the end.
  public static func constant(peak: Double, steps: Int, warmup: Int? = nil) -> Schedule {
    let warmup = min(warmup ?? defaultWarmup(steps: steps), steps)
    return Schedule(segments: [
      Segment(steps: warmup, shape: .linear, from: 0, to: peak),
      Segment(steps: steps - warmup, shape: .constant, from: peak, to: peak),
    ])
  }

  /// Linear warmup over W steps, then the peak times √(W / t) at step t.
  ///
  /// Vaswani et al., "Attention Is All You Need", 2017, arXiv:1706.03762, section 5.3.
  ///
  /// - Parameters:
  ///   - peak: The highest rate.
  ///   - steps: The number of steps of the whole run.
  ///   - warmup: The number of warmup steps, at least one; nil is ``defaultWarmup(steps:)``.
  public static func inverseSquareRoot(
    peak: Double, steps: Int, warmup: Int? = nil
  ) -> Schedule {
    let warmup = min(max(1, warmup ?? defaultWarmup(steps: steps)), steps)
    let rising = Segment(steps: warmup, shape: .linear, from: 0, to: peak)
    guard warmup < steps else { return Schedule(segments: [rising]) }
    // With t = W + x (T - W), W / t is 1 / (1 + αx) for α = (T - W) / W.
    return Schedule(segments: [
      rising,
      Segment(
        steps: steps - warmup, shape: .inverseSquareRoot, from: peak,
        to: peak * (Double(warmup) / Double(steps)).squareRoot(),
        steepness: Double(steps - warmup) / Double(warmup)),
    ])
  }

  /// Linear warmup, a fall to a plateau, the plateau, and a decay over the last part: a later run can
  /// go on from the plateau without warming up again.
  ///
  /// Ibrahim et al., 2024, arXiv:2403.08763, section 7, whose plateau of 0.55 and cooldown of 60 %
  /// these are; Singh et al., "Beyond Cosine Decay: On the effectiveness of Infinite Learning Rate
  /// Schedule for Continual Pre-training", 2025, arXiv:2503.02844.
  ///
  /// - Parameters:
  ///   - peak: The highest rate.
  ///   - steps: The number of steps of the whole run.
  ///   - warmup: The number of warmup steps; nil is ``defaultWarmup(steps:)``.
  ///   - cooldown: The share of the steps over which the rate falls to the plateau.
  ///   - cooldownShape: How it falls there.
  ///   - plateau: The plateau as a share of the peak.
  ///   - decay: The share of the steps over which the rate falls at the end.
  ///   - decayShape: How it falls at the end.
  ///   - floor: The last step's rate as a share of the peak.
  public static func infinite(
    peak: Double, steps: Int, warmup: Int? = nil, cooldown: Double = 0.6,
    cooldownShape: ScheduleShape = .cosine, plateau: Double = 0.55, decay: Double = 0.1,
    decayShape: ScheduleShape = .exponential, floor: Double = 0.1
  ) -> Schedule {
    let warmup = min(warmup ?? defaultWarmup(steps: steps), steps)
    let falling = min(steps - warmup, Int((Double(steps) * decay).rounded()))
    let cooling = min(steps - warmup - falling, Int((Double(steps) * cooldown).rounded()))
    let level = peak * plateau
    return Schedule(segments: [
      Segment(steps: warmup, shape: .linear, from: 0, to: peak),
      Segment(steps: cooling, shape: cooldownShape, from: peak, to: level),
      Segment(
        steps: steps - warmup - cooling - falling, shape: .constant, from: level, to: level),
      Segment(steps: falling, shape: decayShape, from: level, to: peak * floor),
    ])
  }

  /// Cycles of a linear warmup and a cosine, one after the other.
  ///
  /// Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2016,
  /// arXiv:1608.03983; with a warmup after each restart as in Lialin et al., "ReLoRA", 2023,
  /// arXiv:2307.05695.
  ///
  /// - Parameters:
  ///   - peak: The highest rate.
  ///   - steps: The number of steps of the whole run.
  ///   - cycle: The steps of a cycle; the last one may be shorter.
  ///   - warmup: The warmup steps of a cycle; nil is ``defaultWarmup(steps:)`` of it.
  ///   - floor: The rate at the end of a cycle as a share of the peak.
  /// - Precondition: a cycle has a step.
  public static func restarts(
    peak: Double, steps: Int, cycle: Int, warmup: Int? = nil, floor: Double = 0.1
  ) -> Schedule {
    precondition(cycle > 0, "a cycle has at least one step")
    return Schedule(
      segments: stride(from: 0, to: steps, by: cycle).flatMap { first in
        warmupCosine(
          peak: peak, steps: min(cycle, steps - first),
          warmup: warmup ?? defaultWarmup(steps: cycle), floor: floor
        ).segments
      })
  }

  /// A cosine from the first step on, without warmup: the rate starts where that of the first training
  /// ended.
  ///
  /// Parmar et al., "Reuse, Don't Retrain: A Recipe for Continued Pretraining of Language Models",
  /// 2024, arXiv:2407.07263.
  ///
  /// - Parameters:
  ///   - start: The rate at which the first training ended.
  ///   - steps: The number of steps of the whole run.
  ///   - floor: The last step's rate as a share of it.
  public static func reuse(start: Double, steps: Int, floor: Double = 0.01) -> Schedule {
    warmupCosine(peak: start, steps: steps, warmup: 0, floor: floor)
  }

  /// A hundredth of the steps, at least 40, and never more than a tenth of the run.
  ///
  /// Forty is 2 / (1 - β₂) for β₂ = 0.95: until then AdamW's second moment rests on few gradients
  /// and updates are nearly as large as the rate, whatever the gradient.
  public static func defaultWarmup(steps: Int) -> Int {
    max(1, min(max(steps / 100, 40), steps / 10))
  }
}
