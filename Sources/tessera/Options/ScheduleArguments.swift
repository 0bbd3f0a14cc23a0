public import ArgumentParser
public import TesseraTraining

extension ScheduleCurve: ExpressibleByArgument {}
extension ScheduleShape: ExpressibleByArgument {}

/// How the learning rate runs.
struct ScheduleArguments: ParsableArguments {
  @Option(help: "The learning rate's curve: \(names(of: ScheduleCurve.self)). (default: cosine)")
  var schedule: ScheduleCurve?

  @Option(help: "The last learning rate as a share of the highest. (default: the curve's)")
  var floor: Double?

  @Option(
    help: "Share of the steps over which the rate falls at the end. (wsd: 0.2, infinite: 0.1)")
  var decay: Double?

  @Option(help: "How it falls at the end: \(names(of: ScheduleShape.self)).")
  var decayShape: ScheduleShape?

  @Option(help: "Share of the steps over which an infinite curve falls to its plateau. (0.6)")
  var cooldown: Double?

  @Option(help: "The plateau of an infinite curve as a share of the highest rate. (0.55)")
  var plateau: Double?

  @Option(help: "Steps from one restart to the next. (default: a quarter of the run)")
  var cycle: Int?

  @Option(
    help: ArgumentHelp(
      """
      A segment of a curve of your own: LENGTH SHAPE [FROM] TO, as in "5% linear 0 1" or "rest cosine \
      0.1", with rates as shares of --lr. Give one for each, in order.
      """, valueName: "rule"), transform: SegmentRule.init(parsing:))
  var segment: [SegmentRule] = []

  mutating func validate() throws {
    for (name, value) in [
      ("floor", floor), ("decay", decay), ("cooldown", cooldown), ("plateau", plateau),
    ] {
      if let value, !(0...1).contains(value) {
        throw ValidationError("--\(name) must be between 0 and 1, not \(value)")
      }
    }
    if schedule != nil, !segment.isEmpty {
      throw ValidationError("--schedule and --segment exclude each other")
    }
    try checkRange("--cycle", cycle, 1...BudgetOptions.maximumSteps)
  }

  /// What the library is to do.
  ///
  /// - Throws: `ValidationError` where a number has no meaning for the curve.
  func options(warmup: Int?) throws -> ScheduleOptions {
    var options = ScheduleOptions()
    options.curve = schedule ?? .cosine
    options.warmup = warmup
    options.floor = floor
    options.decay = decay
    options.decayShape = decayShape
    options.cooldown = cooldown
    options.plateau = plateau
    options.cycle = cycle
    options.segments = segment
    // What does not depend on the number of steps is found before anything is read.
    do throws(ScheduleError) {
      if segment.isEmpty { _ = try options.schedule(peak: 1, steps: 1_000) }
    } catch {
      throw ValidationError("\(error)")
    }
    if let parameter = ScheduleCurve.Parameter.allCases.first(where: options.chosen.contains),
      !segment.isEmpty
    {
      throw ValidationError("--\(parameter.rawValue) and --segment exclude each other")
    }
    return options
  }
}
