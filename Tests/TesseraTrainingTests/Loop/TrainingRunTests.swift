import Synchronization
import TesseraBasics
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

@testable import TesseraTraining

@Suite struct TrainingRunTests {
  private let sets = [
    EvaluationSet(name: "target", documents: randomDocuments([20, 5], seed: 11)),
    EvaluationSet(name: "replay", documents: randomDocuments([30], seed: 12)),
  ]

  private func run(directory: String? = nil, model: Transformer = tinyModel()) -> TrainingRun {
    TrainingRun(
      model: model, plan: tinyPlan(for: model), data: tinyData(), evaluations: sets,
      selection: Selection(target: "target"), directory: directory)
  }

  @Test func `the loss falls and the best weights are those of the best evaluation`() throws {
    var run = run()
    let outcome = try run.run()
    #expect(outcome.isComplete && outcome.steps == 12 && outcome.tokens == 12 * 32)
    #expect(run.evaluations.map(\.step) == [0, 4, 8, 12])
    let scores = run.evaluations.compactMap { $0["target"] }
    #expect(scores[3] < scores[0])
    let best = try #require(run.best)
    #expect(run.evaluations.first { $0.step == best.step }?["target"] == scores.min())
  }

  @Test(arguments: 0...12)
  func `a run that is stopped and resumed gives the same bits`(stop: Int) throws {
    var whole = run()
    _ = try whole.run()

    let directory = try TemporaryDirectory()
    var first = run(directory: directory.path)
    var stepsLeft = stop
    let outcome = try first.run(shouldStop: {
      stepsLeft -= 1
      return stepsLeft < 0
    })
    #expect(outcome.isComplete == (stop == 12) && outcome.steps == stop)

    var second = run(directory: directory.path)
    #expect(try second.resume()?.passedOver == [])
    #expect(second.step == stop)
    _ = try second.run()
    #expect(second.model.parameters == whole.model.parameters)
    #expect(second.evaluations == whole.evaluations)
    #expect(second.best?.parameters == whole.best?.parameters)
    #expect(second.best?.step == whole.best?.step)
  }

  @Test(.enabled(if: Precision.bfloat16.isAvailable))
  func `a run in bf16 is resumed in bf16 to the same bits, and not in f32`() throws {
    func run(_ precision: Precision, _ directory: String? = nil) -> TrainingRun {
      let model = tinyModel()
      var plan = tinyPlan(for: model)
      plan.precision = precision
      return TrainingRun(
        model: model, plan: plan, data: tinyData(), evaluations: sets, directory: directory)
    }
    var whole = run(.bfloat16)
    _ = try whole.run()
    var exact = run(.float32)
    _ = try exact.run()
    #expect(whole.model.parameters != exact.model.parameters)

    let directory = try TemporaryDirectory()
    var first = run(.bfloat16, directory.path)
    var stepsLeft = 5
    _ = try first.run(shouldStop: {
      stepsLeft -= 1
      return stepsLeft < 0
    })
    var other = run(.float32, directory.path)
    #expect(throws: TrainingRunError.self) { try other.resume() }
    var second = run(.bfloat16, directory.path)
    let resumption = try #require(try second.resume())
    #expect(resumption.isExact)
    #expect(resumption.kernels.bfloat16InstructionSet == bfloat16InstructionSet())
    _ = try second.run()
    #expect(second.model.parameters == whole.model.parameters)
    #expect(second.evaluations == whole.evaluations)
  }

  @Test(arguments: OptimizerVariant.all)
  func `every optimizer is resumed to the same bits, and learns`(variant: OptimizerVariant) throws {
    let model = tinyModel()
    func run(_ directory: String? = nil, _ options: OptimizerOptions) -> TrainingRun {
      var plan = tinyPlan(for: model, peak: 1e-2 * options.kind.rateFactor)
      plan.optimizer = options
      return TrainingRun(
        model: model, plan: plan, data: tinyData(), evaluations: sets, directory: directory)
    }
    var whole = run(nil, variant.options)
    _ = try whole.run()
    let scores = whole.evaluations.compactMap { $0["target"] }
    #expect(scores[3] < scores[0])

    let directory = try TemporaryDirectory()
    for stop in [5, 7] {
      var first = run(directory.path, variant.options)
      _ = try first.resume()
      var stepsLeft = stop - first.step
      _ = try first.run(shouldStop: {
        stepsLeft -= 1
        return stepsLeft < 0
      })
    }
    var second = run(directory.path, variant.options)
    #expect(try second.resume()?.passedOver == [])
    #expect(second.step == 7)
    _ = try second.run()
    #expect(second.model.parameters == whole.model.parameters)

    for other in OptimizerVariant.all where other.options != variant.options {
      var third = run(directory.path, other.options)
      #expect {
        try third.resume()
      } throws: { error in
        guard case TrainingRunError.stateMismatch(_, let part) = error else { return false }
        return part.hasPrefix("optimizer (\(variant.kind.rawValue)")
      }
    }
  }

  @Test func `the metrics have every step and every evaluation once, also after a resume`() throws {
    let directory = try TemporaryDirectory()
    var first = run(directory: directory.path)
    var stepsLeft = 5
    _ = try first.run(shouldStop: {
      stepsLeft -= 1
      return stepsLeft < 0
    })
    // Lines that a killed run wrote after its last state, the last of them half.
    let path = directory.path + "/metrics.jsonl"
    let text = try readFile(path, limit: 1 << 20)
    try writeFile(path, text + Array("{\"step\":6,\"loss\":1}\n{\"step\":7,\"lo".utf8))
    var second = run(directory: directory.path)
    _ = try second.resume()
    _ = try second.run()
    let lines = try readFile(path, limit: 1 << 20).split(separator: UInt8(ascii: "\n"))
    let values = try lines.map { try JSONValue(parsing: Array($0)) }
    #expect(values.filter { $0["loss"] != nil }.compactMap { $0["step"]?.int } == Array(1...12))
    #expect(
      values.filter { $0["bits_per_byte"] != nil }.compactMap { $0["step"]?.int } == [0, 4, 8, 12])
    let rates = values.compactMap { $0["learning_rate"]?.double }
    #expect(rates == (0..<12).map(tinyPlan(for: tinyModel()).schedule.value(at:)))
  }

  @Test func `without a state there is nothing to resume`() throws {
    let directory = try TemporaryDirectory()
    var run = run(directory: directory.path)
    #expect(try run.resume() == nil)
    #expect(run.step == 0)
  }

  @Test(arguments: ["weights.f32", "state.json", "updates.u32", "MANIFEST.json"])
  func `a broken state is passed over for the one before`(file: String) throws {
    let directory = try TemporaryDirectory()
    try stop(at: [3, 6], in: directory.path)
    let path = directory.path + "/state/step-00000006/" + file
    var bytes = try readFile(path, limit: 1 << 20)
    bytes[bytes.count / 2] ^= 1
    try writeFile(path, bytes)
    var resumed = run(directory: directory.path)
    let faults = try #require(try resumed.resume()).passedOver
    #expect(faults.count == 1 && faults[0].path.hasSuffix("step-00000006"))
    #expect(resumed.step == 3)
    var whole = run()
    _ = try whole.run()
    _ = try resumed.run()
    #expect(resumed.model.parameters == whole.model.parameters)
  }

  @Test func `a truncated state is passed over, and when none is whole that is an error`() throws {
    let directory = try TemporaryDirectory()
    try stop(at: [3, 6], in: directory.path)
    for step in ["step-00000003", "step-00000006"] {
      let path = directory.path + "/state/\(step)/second-moment.f32"
      let bytes = try readFile(path, limit: 1 << 20)
      try writeFile(path, Array(bytes.dropLast(4)))
    }
    var resumed = run(directory: directory.path)
    #expect {
      try resumed.resume()
    } throws: { error in
      guard case TrainingRunError.noValidState(_, let faults) = error else { return false }
      return faults.count == 2 && faults[0].reason.contains("second-moment.f32 has")
    }
    #expect(resumed.step == 0)
  }

  @Test(arguments: ["../escape.f32", "Moment.f32", "moment.f64", "a.b.f32", ".f32"])
  func `a manifest may name what optimizers write, and nothing else`(name: String) throws {
    let directory = try TemporaryDirectory()
    try stop(at: [3], in: directory.path)
    let path = directory.path + "/state/step-00000003/MANIFEST.json"
    var manifest = try #require(try JSONValue(parsing: readFile(path, limit: 1 << 20)).object)
    manifest[name] = manifest["first-moment.f32"]
    try writeFile(path, JSONValue.object(manifest).serialized(pretty: true))
    var resumed = run(directory: directory.path)
    #expect {
      try resumed.resume()
    } throws: { error in
      guard case TrainingRunError.noValidState(_, let faults) = error else { return false }
      return faults[0].reason == "MANIFEST.json has a wrong entry \"\(name)\""
    }
  }

  @Test func `what a killed save left behind does not count as a state`() throws {
    let directory = try TemporaryDirectory()
    try stop(at: [3], in: directory.path)
    let state = directory.path + "/state"
    try createDirectory(state + "/.step-00000005.tessera-new")
    try writeFile(state + "/.step-00000005.tessera-new/weights.f32", [1, 2, 3])
    var resumed = run(directory: directory.path)
    #expect(try resumed.resume()?.passedOver == [])
    #expect(resumed.step == 3)
  }

  @Test func `a state of another run is refused`() throws {
    let directory = try TemporaryDirectory()
    try stop(at: [3], in: directory.path)
    let model = tinyModel()
    func mismatch(_ run: TrainingRun) -> String? {
      var run = run
      do throws(TrainingRunError) {
        _ = try run.resume()
        return nil
      } catch {
        guard case .stateMismatch(_, let part) = error else { return "\(error)" }
        return part
      }
    }
    let otherPlan = TrainingRun(
      model: model, plan: tinyPlan(for: model, peak: 2e-2), data: tinyData(), evaluations: sets,
      directory: directory.path)
    #expect(mismatch(otherPlan)?.hasPrefix("plan") == true)
    let otherData = TrainingRun(
      model: model, plan: tinyPlan(for: model), data: tinyData(seed: 8), evaluations: sets,
      directory: directory.path)
    #expect(mismatch(otherData)?.hasPrefix("corpus") == true)
    #expect(mismatch(run(directory: directory.path, model: tinyModel(tied: false))) == "model")
  }

  @Test func `two states are kept`() throws {
    let directory = try TemporaryDirectory()
    try stop(at: [2, 4, 6, 8], in: directory.path)
    let files = try listFiles(under: directory.path + "/state")
    let folders = Set(files.compactMap { $0.split(separator: "/").dropLast().last })
    #expect(folders.sorted() == ["step-00000006", "step-00000008"])
  }

  @Test(arguments: [1, 2, 4])
  func `accumulation gives the gradient of the larger batch`(size: Int) throws {
    let model = tinyModel()
    func losses(_ size: Int) throws -> [Float] {
      var run = TrainingRun(
        model: model, plan: tinyPlan(for: model, steps: 4, microBatchSequenceCount: size),
        data: tinyData())
      _ = try run.run()
      return run.model.parameters
    }
    // AdamW's first steps are as long as the rate whatever the gradient, so parameters whose
    // gradient is nearly zero may differ; the bound is a hundredth of what the steps may move.
    let whole = try losses(4)
    let parts = try losses(size)
    let largest = zip(whole, parts).map { abs($0 - $1) }.max() ?? 0
    #expect(largest <= 4 * 2e-2 / 100)
  }

  @Test func `a gradient longer than the limit is scaled down to it`() throws {
    let model = tinyModel()
    var plan = tinyPlan(for: model, steps: 3)
    plan.clipNorm = 1e-6
    // With an epsilon far above the clipped gradient, a step is the gradient over epsilon.
    plan.optimizer.adamW.epsilon = 1
    var run = TrainingRun(model: model, plan: plan, data: tinyData())
    _ = try run.run()
    let moved = zip(run.model.parameters, model.parameters).map { Double($0 - $1) }
    #expect(moved.allSatisfy { abs($0) < 1e-6 })
    #expect(moved.contains { $0 != 0 })
  }

  @Test func `a step that is not finite changes nothing, and too many in a row stop the run`() {
    var model = tinyModel()
    model.parameters[0] = .nan
    let plan = tinyPlan(for: model)
    var run = TrainingRun(model: model, plan: plan, data: tinyData())
    #expect(throws: TrainingRunError.notFinite(step: 5, inARow: 6)) { try run.run() }
    #expect(run.model.parameters.dropFirst() == model.parameters.dropFirst())
  }

  /// A run whose learning rate at one step is so large that the weights are no numbers after it.
  private func explodingRun(snapshots: Int, directory: String? = nil) -> TrainingRun {
    let model = tinyModel()
    var plan = tinyPlan(for: model, steps: 12)
    plan.schedule = Schedule(segments: [
      .init(steps: 6, shape: .constant, from: 1e-2, to: 1e-2),
      .init(steps: 1, shape: .constant, from: 1e300, to: 1e300),
      .init(steps: 5, shape: .constant, from: 1e-2, to: 1e-2),
    ])
    plan.snapshotInterval = snapshots
    plan.skipLimit = 2
    return TrainingRun(
      model: model, plan: plan, data: tinyData(), evaluations: sets, directory: directory)
  }

  @Test func `weights that are no numbers any more bring the run back to its last copy`() throws {
    var broken = explodingRun(snapshots: 0)
    #expect(throws: TrainingRunError.notFinite(step: 9, inARow: 3)) { try broken.run() }

    let folder = try TemporaryDirectory()
    var run = explodingRun(snapshots: 4, directory: folder.path)
    let outcome = try run.run()
    #expect(outcome.isComplete && outcome.rollbacks == 1 && outcome.skippedSteps == 1)
    #expect(run.model.parameters.allSatisfy { $0.isFinite })
    let lines = try readFile(folder.file("metrics.jsonl"), limit: 1 << 20)
      .split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
    let back = lines.filter { $0["rolled_back_to"] != nil }
    #expect(back.compactMap { $0["step"]?.int } == [8])
    #expect(back.compactMap { $0["rolled_back_to"]?.int } == [4])
    #expect(back.compactMap { $0["reason"]?.string } == ["not finite"])
  }

  @Test(arguments: [5, 7, 8, 9])
  func `a run that is stopped around a return gives the same bits`(stop: Int) throws {
    var whole = explodingRun(snapshots: 4)
    _ = try whole.run()
    let folder = try TemporaryDirectory()
    var first = explodingRun(snapshots: 4, directory: folder.path)
    var left = stop
    _ = try first.run(shouldStop: {
      left -= 1
      return left < 0
    })
    var second = explodingRun(snapshots: 4, directory: folder.path)
    #expect(try second.resume()?.passedOver == [])
    let outcome = try second.run()
    #expect(second.model.parameters == whole.model.parameters && outcome.rollbacks == 1)
    var other = explodingRun(snapshots: 3, directory: folder.path)
    #expect(throws: TrainingRunError.self) { try other.resume() }
  }

  @Test func `a snapshot that is cut short is a fault of its state`() throws {
    let folder = try TemporaryDirectory()
    var first = explodingRun(snapshots: 4, directory: folder.path)
    var left = 5
    _ = try first.run(shouldStop: {
      left -= 1
      return left < 0
    })
    let path = folder.path + "/state/step-00000005/snapshot-weights.f32"
    try writeFile(path, Array(try readFile(path, limit: 1 << 20).dropLast(4)))
    var second = explodingRun(snapshots: 4, directory: folder.path)
    #expect {
      try second.resume()
    } throws: { error in
      guard case TrainingRunError.noValidState(_, let faults) = error else { return false }
      return faults[0].reason.contains("snapshot-weights.f32 has")
    }
  }

  @Test func `spikes are left out of a run, and it is resumed with what it knows of them`() throws {
    let model = tinyModel()
    func run(_ directory: String? = nil) -> TrainingRun {
      var plan = tinyPlan(for: model, steps: 150)
      plan.evaluationInterval = 0
      // So low that there are some.
      plan.lossSpikeLimit = 1
      plan.gradientSpikeLimit = 1
      return TrainingRun(model: model, plan: plan, data: tinyData(), directory: directory)
    }
    var whole = run()
    let outcome = try whole.run()
    #expect((1...19).contains(outcome.skippedSteps))
    let folder = try TemporaryDirectory()
    var first = run(folder.path)
    var left = 140
    _ = try first.run(shouldStop: {
      left -= 1
      return left < 0
    })
    var second = run(folder.path)
    _ = try second.resume()
    #expect(try second.run().skippedSteps == outcome.skippedSteps)
    #expect(second.model.parameters == whole.model.parameters)
  }

  @Test func `selection keeps what stays under the limits`() {
    func evaluation(_ step: Int, _ target: Double, _ english: Double) -> RunEvaluation {
      RunEvaluation(
        step: step,
        entries: [
          .init(name: "target", bitsPerByte: target), .init(name: "english", bitsPerByte: english),
        ])
    }
    let selection = Selection(
      target: "target", limits: [.init(name: "english", bitsPerByte: 1.5)])
    let good = evaluation(4, 2.0, 1.5)
    #expect(selection.prefers(evaluation(8, 1.9, 1.4), to: good))
    #expect(!selection.prefers(evaluation(8, 1.5, 1.51), to: good))
    #expect(!selection.prefers(evaluation(8, 2.1, 1.0), to: good))
    #expect(selection.prefers(good, to: evaluation(0, 1.0, 1.6)))
    #expect(selection.prefers(evaluation(8, 9, 1.6), to: evaluation(4, 1, 1.7)))
  }

  @Test func `the time of all calls counts, of a killed one up to its last state`() throws {
    let directory = try TemporaryDirectory()
    func stop(at step: Int, after earlier: Double, in run: inout TrainingRun) throws -> RunTime {
      run.time.add(earlier: earlier)
      var left = step - run.step
      let outcome = try run.run(shouldStop: {
        left -= 1
        return left < 0
      })
      return outcome.time
    }
    var first = run(directory: directory.path)
    let before = try stop(at: 3, after: 500, in: &first).seconds
    #expect(before > 500 && before < 10_000)
    // What the first call did after its state is lost with it.
    var second = run(directory: directory.path)
    _ = try second.resume()
    #expect(second.time.earlierSeconds > 500 && second.time.earlierSeconds <= before)
    // A caller may know of less or of more.
    let after = try stop(at: 6, after: 100, in: &second)
    #expect(after.earlierSeconds == second.time.earlierSeconds && after.seconds > 500)
    var third = run(directory: directory.path)
    _ = try third.resume()
    #expect(try stop(at: 6, after: 20_000, in: &third).earlierSeconds == 20_000)
  }

  @Test func `states that cannot be removed are reported, and stop no run but a new one`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/state"
    let state = RunState(
      step: 0, parameters: [1],
      optimizer: OptimizerState(updateCounts: [], memories: []),
      guarding: StepGuard.State(), snapshot: nil, evaluations: [], best: nil, bestStep: nil,
      seconds: 1)
    let identity = RunIdentity(model: [], data: "", plan: [], selection: .null)
    let store = StateStore(path: path, keptCount: 1) { (path) throws(FileError) in
      if path.hasSuffix("1") { throw .cannotRemove(path: path, errno: 16) }
      try remove(path)
    }
    func save(_ step: Int) throws -> [FileError] {
      var state = state
      state.step = step
      return try store.save(state, identity: identity)
    }
    #expect(try save(0).isEmpty && save(1).isEmpty)
    let failure = FileError.cannotRemove(path: path + "/step-00000001", errno: 16)
    #expect(try save(2) == [failure] && save(3) == [failure])
    #expect(store.steps() == [1, 3])
    #expect(throws: TrainingRunError.file(failure)) { try store.removeAll() }
  }

  /// Runs to each of the steps in turn, and leaves the states.
  private func stop(at steps: [Int], in directory: String) throws {
    for step in steps {
      var run = run(directory: directory)
      _ = try run.resume()
      var left = step - run.step
      _ = try run.run(shouldStop: {
        left -= 1
        return left < 0
      })
    }
  }
}
