import TesseraBasics
import TesseraTensors

/// The part of a state that is not arrays, as `state.json` holds it.
extension RunState {
  /// Format version of `state.json`.
  static let formatVersion = 5

  /// The record of this state for a run with an identity.
  func record(identity: RunIdentity) -> JSONValue {
    .object([
      "version": .init(Self.formatVersion),
      "step": .init(step),
      "guard": guarding.record,
      "snapshot_step": snapshot.map { .init($0.step) } ?? .null,
      "best_step": bestStep.map { .init($0) } ?? .null,
      "best_weights": .string(bestWeights.rawValue),
      "average_updates": .init(averages.updateCount),
      "snapshot_average_updates": .init(snapshot?.averages.updateCount ?? 0),
      "evaluations": .array(
        evaluations.map { evaluation in
          .object([
            "step": .init(evaluation.step),
            "weights": .string(evaluation.weights.rawValue),
            "bits_per_byte": .object(
              JSONObject(members: evaluation.entries.map { ($0.name, .init($0.bitsPerByte)) })),
          ])
        }),
      "model": identity.model,
      "data": .string(identity.data),
      "plan": identity.plan,
      "selection": identity.selection,
      "openblas_core": .string(kernels.matrixProductCore),
      "instruction_set": .string(kernels.instructionSet),
      "bf16_instruction_set": kernels.bfloat16InstructionSet.map { .string($0) } ?? .null,
      "seconds": .init(seconds),
    ])
  }

  /// What a record says, apart from the arrays.
  struct Header {
    var step: Int
    var guarding: StepGuard.State
    var snapshotStep: Int?
    var bestStep: Int?
    var bestWeights: WeightKind
    var averageUpdates: Int
    var snapshotAverageUpdates: Int
    var evaluations: [RunEvaluation]
    var identity: RunIdentity
    var kernels: SelectedKernels
    var seconds: Double
  }

  /// Reads a record.
  ///
  /// - Returns: nil if a field is missing or of the wrong type.
  static func header(of record: JSONValue) -> Header? {
    guard record["version"]?.int == formatVersion,
      let step = record["step"]?.int, step >= 0,
      let guarding = record["guard"].flatMap(StepGuard.State.init),
      let snapshot = record["snapshot_step"],
      let best = record["best_step"],
      let bestWeights = record["best_weights"]?.string.flatMap(WeightKind.init),
      let averageUpdates = record["average_updates"]?.int, averageUpdates >= 0,
      let snapshotUpdates = record["snapshot_average_updates"]?.int, snapshotUpdates >= 0,
      let list = record["evaluations"]?.array,
      let model = record["model"], let data = record["data"]?.string, let plan = record["plan"],
      let selection = record["selection"],
      let core = record["openblas_core"]?.string,
      let instructionSet = record["instruction_set"]?.string,
      let bfloat16Set = record["bf16_instruction_set"],
      let seconds = record["seconds"]?.double
    else { return nil }
    var evaluations: [RunEvaluation] = []
    for item in list {
      guard let step = item["step"]?.int, let scores = item["bits_per_byte"]?.object,
        let weights = item["weights"]?.string.flatMap(WeightKind.init)
      else { return nil }
      var entries: [RunEvaluation.Entry] = []
      for (name, value) in scores.members {
        // A score that is not a number is stored as null.
        guard let bits = value.isNull ? .nan : value.double else { return nil }
        entries.append(RunEvaluation.Entry(name: name, bitsPerByte: bits))
      }
      evaluations.append(RunEvaluation(step: step, weights: weights, entries: entries))
    }
    return Header(
      step: step, guarding: guarding, snapshotStep: snapshot.int, bestStep: best.int,
      bestWeights: bestWeights, averageUpdates: averageUpdates,
      snapshotAverageUpdates: snapshotUpdates, evaluations: evaluations,
      identity: RunIdentity(model: model, data: data, plan: plan, selection: selection),
      kernels: SelectedKernels(
        matrixProductCore: core, instructionSet: instructionSet,
        bfloat16InstructionSet: bfloat16Set.string),
      seconds: seconds)
  }
}

extension StepGuard.State {
  /// The state as it is stored.
  fileprivate var record: JSONValue {
    .object([
      "not_finite_in_a_row": .init(inARow),
      "skipped": .init(total),
      "rollbacks": .init(rollbacks),
      "has_rolled_back": .bool(hasRolledBack),
      "losses": .array(losses.window.map { .init($0) }),
      "gradient_norms": .array(gradientNorms.window.map { .init($0) }),
    ])
  }

  /// Reads a record; nil if a field is missing or of the wrong type.
  fileprivate init?(_ record: JSONValue) {
    func window(_ name: String) -> SpikeDetector? {
      guard let list = record[name]?.array, list.count <= SpikeDetector.windowLength else {
        return nil
      }
      let values = list.compactMap(\.double)
      return values.count == list.count ? SpikeDetector(window: values) : nil
    }
    guard let inARow = record["not_finite_in_a_row"]?.int, let total = record["skipped"]?.int,
      let rollbacks = record["rollbacks"]?.int, let hasRolledBack = record["has_rolled_back"]?.bool,
      let losses = window("losses"), let gradientNorms = window("gradient_norms")
    else { return nil }
    self.init(
      inARow: inARow, total: total, rollbacks: rollbacks, hasRolledBack: hasRolledBack,
      losses: losses, gradientNorms: gradientNorms)
  }
}

/// What must be the same for a state to be resumed.
struct RunIdentity: Hashable, Sendable {
  /// The model's tensors: names and shapes.
  var model: JSONValue
  /// A hash of the training tokens and of how they are mixed.
  var data: String
  /// The plan.
  var plan: JSONValue
  /// Which of the evaluated weights are kept.
  var selection: JSONValue
}
