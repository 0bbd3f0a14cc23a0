public import ArgumentParser
import TesseraTraining

extension OptimizerKind: ExpressibleByArgument {}
extension MomentPrecision: ExpressibleByArgument {}

/// What turns gradients into steps.
struct OptimizerArguments: ParsableArguments {
  @Option(help: "What turns gradients into steps: \(names(of: OptimizerKind.self)).")
  var optimizer = OptimizerKind.adamW

  @Option(
    help: """
      How the optimizer keeps its running means: \(names(of: MomentPrecision.self)). (adafactor has \
      none for single parameters)
      """)
  var moments = MomentPrecision.f32

  @Option(
    help: """
      Share of a matrix, times the learning rate, that every step takes away. (default: 0.1; 0.5 with \
      lion, whose rate is a fifth)
      """)
  var weightDecay: Double?

  /// The most decay: with a rate of one tenth, a matrix would be gone in a step.
  static let maximumWeightDecay = 10.0

  mutating func validate() throws {
    if !optimizer.hasMoments, moments != .f32 {
      throw ValidationError(
        "--moments is for optimizers that keep a mean for each parameter, and "
          + "\(optimizer.rawValue) keeps none")
    }
    if let weightDecay, !(0...Self.maximumWeightDecay).contains(weightDecay) {
      throw ValidationError(
        "--weight-decay must be between 0 and \(Int(Self.maximumWeightDecay)), not \(weightDecay)")
    }
  }

  /// What the library is to do.
  var options: OptimizerOptions { OptimizerOptions(optimizer, moments: moments) }
}

/// The names of all cases, for a help text.
func names<Choice: CaseIterable & RawRepresentable<String>>(of type: Choice.Type) -> String {
  type.allCases.map(\.rawValue).joined(separator: ", ")
}
