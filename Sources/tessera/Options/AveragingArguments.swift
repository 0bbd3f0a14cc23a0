public import ArgumentParser
public import TesseraTraining

extension WeightKind: ExpressibleByArgument {}
extension MovingAverageOptions.Start: ExpressibleByArgument {}

/// Means of the weights that training keeps.
struct AveragingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Keep a moving average of the weights, in which a step counts this much of the next one, such as \
      0.999; training goes on as if there were none.
      """, valueName: "decay"))
  var ema: Double?

  @Option(
    help: """
      How the moving average begins: corrected, with the first steps alone; warmup, from the first \
      weights with a decay that rises; initial, from the first weights. (default: corrected)
      """)
  var emaStart: MovingAverageOptions.Start?

  @Option(
    help: ArgumentHelp(
      """
      Look ahead: every so many steps, go a share of the way from slow weights to those that were \
      trained, and on from there. With 1 it is a smaller --lr.
      """, valueName: "steps"))
  var lookahead: Int?

  @Option(help: "The share of the way. (default: 0.5)")
  var lookaheadShare: Double?

  @Option(
    help: ArgumentHelp(
      "Keep so many latest copies of the weights, whose mean can be taken, such as 5.",
      valueName: "copies"))
  var lawa: Int?

  @Option(help: "Steps from one copy to the next. (default: a fiftieth of the run)")
  var lawaInterval: Int?

  @Option(
    help: """
      Which weights are evaluated and written: \(names(of: WeightKind.self)). (default: all are \
      evaluated; adapt writes the best, pretrain the trained ones)
      """)
  var weights: WeightKind?

  /// The most copies: each takes as much memory as the weights.
  static let maximumCopies = 64

  mutating func validate() throws {
    if let ema, !(ema >= 0 && ema < 1) {
      throw ValidationError("--ema must be at least 0 and below 1, not \(ema)")
    }
    if let lookaheadShare, !(lookaheadShare > 0 && lookaheadShare <= 1) {
      throw ValidationError(
        "--lookahead-share must be above 0 and at most 1, not \(lookaheadShare)")
    }
    try checkRange("--lookahead", lookahead, 1...BudgetOptions.maximumSteps)
    try checkRange("--lawa", lawa, 1...Self.maximumCopies)
    try checkRange("--lawa-interval", lawaInterval, 1...BudgetOptions.maximumSteps)
    for (name, isGiven, needed, isThere) in [
      ("--ema-start", emaStart != nil, "--ema", ema != nil),
      ("--lookahead-share", lookaheadShare != nil, "--lookahead", lookahead != nil),
      ("--lawa-interval", lawaInterval != nil, "--lawa", lawa != nil),
      ("--weights ema", weights == .ema, "--ema", ema != nil),
      ("--weights lawa", weights == .lawa, "--lawa", lawa != nil),
    ] where isGiven && !isThere {
      throw ValidationError("\(name) needs \(needed)")
    }
  }

  /// What the library is to do.
  var options: AveragingOptions {
    var options = AveragingOptions()
    options.movingAverage = ema.map {
      MovingAverageOptions(decay: $0, start: emaStart ?? .corrected)
    }
    options.lookahead = lookahead.map {
      LookaheadOptions(interval: $0, share: lookaheadShare ?? LookaheadOptions().share)
    }
    options.latest = lawa.map { LatestAverageOptions(count: $0, interval: lawaInterval) }
    options.weights = weights
    return options
  }
}
