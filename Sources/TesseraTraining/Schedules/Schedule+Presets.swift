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
  ///   - floor: The last step's rate as a share of the peak.
  public static func warmupStableDecay(
    peak: Double, steps: Int, warmup: Int? = nil, decay: Double = 0.2, floor: Double = 0
  ) -> Schedule {
    let warmup = min(warmup ?? defaultWarmup(steps: steps), steps)
    let falling = min(steps - warmup, Int((Double(steps) * decay).rounded()))
    return Schedule(segments: [
      Segment(steps: warmup, shape: .linear, from: 0, to: peak),
      Segment(steps: steps - warmup - falling, shape: .constant, from: peak, to: peak),
      Segment(steps: falling, shape: .oneMinusSquareRoot, from: peak, to: peak * floor),
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

  /// A hundredth of the steps, at least 40, and never more than a tenth of the run.
  ///
  /// Forty is 2 / (1 - β₂) for β₂ = 0.95: until then AdamW's second moment rests on few gradients
  /// and updates are nearly as large as the rate, whatever the gradient.
  public static func defaultWarmup(steps: Int) -> Int {
    max(1, min(max(steps / 100, 40), steps / 10))
  }
}
