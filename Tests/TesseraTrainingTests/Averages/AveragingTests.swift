import TesseraBasics
import TesseraModels
import TesseraTestSupport
import Testing

@testable import TesseraTraining

@Suite struct AveragingTests {
  private let sets = [
    EvaluationSet(name: "target", documents: randomDocuments([20, 5], seed: 11))
  ]

  private func options(
    ema: MovingAverageOptions? = nil, lookahead: LookaheadOptions? = nil,
    lawa: LatestAverageOptions? = nil, weights: WeightKind? = nil
  ) -> AveragingOptions {
    var options = AveragingOptions()
    options.movingAverage = ema
    options.lookahead = lookahead
    options.latest = lawa
    options.weights = weights
    return options
  }

  private var everything: AveragingOptions {
    options(
      ema: MovingAverageOptions(decay: 0.9), lookahead: LookaheadOptions(interval: 3, share: 0.25),
      lawa: LatestAverageOptions(count: 3, interval: 2))
  }

  private func run(
    _ averaging: AveragingOptions, directory: String? = nil, steps: Int = 12
  ) -> TrainingRun {
    let model = tinyModel()
    var plan = tinyPlan(for: model, steps: steps)
    plan.averaging = averaging
    return TrainingRun(
      model: model, plan: plan, data: tinyData(), evaluations: sets,
      selection: Selection(target: "target"), directory: directory)
  }

  /// The weights after each step, those before the first included, of runs that are stopped and go on.
  private func weights(_ averaging: AveragingOptions) throws -> [[Float]] {
    var run = run(averaging)
    var weights: [[Float]] = []
    for step in 0...12 {
      var left = step - run.step
      _ = try run.run(shouldStop: {
        left -= 1
        return left < 0
      })
      weights.append(run.model.parameters)
    }
    return weights
  }

  @Test func `the gain of a corrected average is that of Adam's correction`() {
    for decay in [0, 0.5, 0.9, 0.999, 0.999_999] {
      let options = MovingAverageOptions(decay: decay)
      var power = 1.0
      for t in 1...200 {
        power *= decay
        let expected = decay == 0 ? 1 : (1 - decay) / (1 - power)
        // The reference cancels: its error is that of 1 - d^t.
        #expect(abs(options.gain(atUpdate: t) / expected - 1) < 1e-9, "\(decay), \(t)")
      }
    }
    #expect(MovingAverageOptions(decay: 0.999, start: .warmup).gain(atUpdate: 1) == 1 - 2.0 / 11)
    let late = MovingAverageOptions(decay: 0.999, start: .warmup).gain(atUpdate: 100_000)
    #expect(late == 1 - 0.999)
  }

  @Test(arguments: MovingAverageOptions.Start.allCases)
  func `a moving average is the sum of its definition`(start: MovingAverageOptions.Start) throws {
    let decay = 0.8
    let averaging = options(ema: MovingAverageOptions(decay: decay, start: start))
    let weights = try weights(averaging)
    var run = run(averaging)
    _ = try run.run()
    #expect(run.model.parameters == weights[12], "the average is a shadow")
    // The share of the weights after each step, from the decays by hand.
    var shares = [Double](repeating: 0, count: 13)
    shares[0] = start == .corrected ? 0 : 1
    for t in 1...12 {
      let decay = start == .warmup ? min(decay, Double(1 + t) / Double(10 + t)) : decay
      for i in 0..<t { shares[i] *= decay }
      shares[t] = 1 - decay
    }
    let total = shares.reduce(0, +)
    let average = run.model(with: .ema).parameters
    for i in average.indices {
      let expected = (0...12).reduce(0.0) { $0 + shares[$1] / total * Double(weights[$1][i]) }
      #expect(abs(Double(average[i]) - expected) < 1e-6)
    }
  }

  @Test func `look-ahead moves as slow weights say, and ends on them`() throws {
    // By hand: runs without look-ahead from the slow weights, with the moments that they have.
    let model = tinyModel()
    let interval = 5
    let share: Float = 0.25
    var plan = tinyPlan(for: model)
    let data = tinyData()
    var slow = model.parameters
    var fast = model
    var optimizer = Optimizer(layout: model.layout, options: plan.optimizer)
    var reader = BatchReader(data)
    let workspace = TransformerWorkspace()
    for step in 0..<12 {
      let stage = plan.stage(at: step)
      var gradient = [Float](repeating: 0, count: model.layout.count)
      _ = fast.accumulateGradient(
        of: reader.batch(step: step, sequences: 0..<4), into: &gradient, scale: 1 / 32,
        scope: stage.scope, workspace: workspace)
      let norm = stage.movingRanges(layout: model.layout).reduce(0.0) { sum, range in
        sum + gradient[range].reduce(0.0) { $0 + Double($1) * Double($1) }
      }.squareRoot()
      optimizer.step(
        parameters: &fast.parameters, gradient: gradient, gradientScale: min(1, 1 / norm),
        learningRate: plan.schedule.value(at: step), groups: stage.groups)
      if (step + 1) % interval == 0 || step == 11 {
        slow = zip(slow, fast.parameters).map { $0 + share * ($1 - $0) }
        fast.parameters = slow
      }
    }
    plan.averaging = options(lookahead: LookaheadOptions(interval: interval, share: Double(share)))
    var run = TrainingRun(model: model, plan: plan, data: data)
    _ = try run.run()
    // Sums of squares are added in another order here, which clips a little differently.
    let difference = zip(run.model.parameters, slow).map { abs($0 - $1) }.max() ?? 0
    #expect(difference < 1e-5)
  }

  @Test func `with an interval of one, look-ahead is a smaller learning rate`() throws {
    let model = tinyModel()
    var plan = tinyPlan(for: model)
    // Without momentum's memory of where it is, and without decay, a step is its rate times a direction.
    plan.stages = [
      TrainingStage(
        name: "all", firstStep: 0, scope: .all,
        groups: ParameterGroup.standard(layout: model.layout, weightDecay: 0))
    ]
    var slower = plan
    slower.schedule = .warmupCosine(peak: 2.5e-3, steps: 12, warmup: 2)
    plan.averaging = options(lookahead: LookaheadOptions(interval: 1, share: 0.25))
    var ahead = TrainingRun(model: model, plan: plan, data: tinyData())
    var slow = TrainingRun(model: model, plan: slower, data: tinyData())
    _ = try ahead.run()
    _ = try slow.run()
    let difference =
      zip(ahead.model.parameters, slow.model.parameters).map { abs($0 - $1) }.max() ?? 0
    #expect(difference < 1e-4)
  }

  @Test(arguments: [(3, 2), (1, 1), (4, 5), (5, 100)] as [(Int, Int)])
  func `a mean of the latest copies is theirs, the last step's among them`(
    count: Int, interval: Int
  ) throws {
    let averaging = options(lawa: LatestAverageOptions(count: count, interval: interval))
    let weights = try weights(averaging)
    var run = run(averaging)
    _ = try run.run()
    #expect(run.model.parameters == weights[12])
    let copied = (1...12).filter { $0 == 12 || $0 % interval == 0 }.suffix(count)
    let expected = weights[0].indices.map { i in
      Float(copied.reduce(0.0) { $0 + Double(weights[$1][i]) } / Double(copied.count))
    }
    #expect(run.model(with: .lawa).parameters == expected)
  }

  @Test(arguments: [1, 4, 7, 11])
  func `a run with all means is resumed to the same bits`(stop: Int) throws {
    var whole = run(everything)
    _ = try whole.run()
    let directory = try TemporaryDirectory()
    var first = run(everything, directory: directory.path)
    var left = stop
    _ = try first.run(shouldStop: {
      left -= 1
      return left < 0
    })
    var second = run(everything, directory: directory.path)
    #expect(try second.resume()?.passedOver == [])
    #expect(second.step == stop)
    _ = try second.run()
    for kind in WeightKind.allCases {
      #expect(second.model(with: kind).parameters == whole.model(with: kind).parameters)
    }
    #expect(second.evaluations == whole.evaluations)
    #expect(second.best?.parameters == whole.best?.parameters)
    #expect(second.best?.weights == whole.best?.weights)

    // Other means are another plan.
    var other = run(options(ema: MovingAverageOptions(decay: 0.5)), directory: directory.path)
    #expect(throws: TrainingRunError.self) { try other.resume() }
  }

  @Test func `a state without one of its copies is a fault`() throws {
    let directory = try TemporaryDirectory()
    var first = run(everything, directory: directory.path)
    var left = 5
    _ = try first.run(shouldStop: {
      left -= 1
      return left < 0
    })
    let folder = directory.path + "/state/step-00000005/"
    let path = folder + "MANIFEST.json"
    let whole = try #require(try JSONValue(parsing: readFile(path, limit: 1 << 20)).object)
    #expect(
      whole.members.map(\.key).filter { $0.hasPrefix("average-") }.sorted() == [
        "average-ema.f32", "average-lawa-0.f32", "average-lawa-1.f32", "average-slow.f32",
      ])
    for name in ["average-ema.f32", "average-lawa-0.f32", "average-slow.f32"] {
      var manifest = JSONObject()
      for (key, value) in whole.members where key != name { manifest[key] = value }
      try writeFile(path, JSONValue.object(manifest).serialized(pretty: true))
      var resumed = run(everything, directory: directory.path)
      #expect(throws: TrainingRunError.self, "\(name)") { try resumed.resume() }
    }
  }

  @Test func `every kind is evaluated, and the best of all is kept`() throws {
    var run = run(everything)
    _ = try run.run()
    #expect(run.evaluations.map(\.step) == [0, 4, 4, 4, 8, 8, 8, 12, 12, 12])
    #expect(run.evaluations.map(\.weights) == [.trained] + [.trained, .ema, .lawa] * 3)
    let best = try #require(run.best)
    let scores = run.evaluations.compactMap { $0["target"] }
    let chosen = run.evaluations.first { $0.step == best.step && $0.weights == best.weights }
    #expect(chosen?["target"] == scores.min())

    let model = run.model(with: .lawa)
    let score = sets[0].score(of: model, workspace: TransformerWorkspace())
    #expect(run.evaluations.last?["target"] == score.bitsPerByte)

    var one = self.run(options(ema: MovingAverageOptions(decay: 0.9), weights: .ema))
    _ = try one.run()
    #expect(one.evaluations.map(\.weights) == Array(repeating: .ema, count: 4))
    #expect(one.best?.weights == .ema)
  }

  @Test func `what is frozen stays bit for bit what it was, in all weights`() throws {
    let model = tinyModel()
    var plan = tinyPlan(for: model, steps: 40)
    // The rows 3 to 9 of the embedding and the second layer.
    let frozen = model.layout.tensors.indices.filter {
      LayerSelection.layer(ofTensor: model.layout.tensors[$0].name) == 1
    }
    let embedding = try #require(model.layout.tensors.firstIndex { $0.role == .embedding })
    var groups = ParameterGroup.standard(layout: model.layout, weightDecay: 0.1)
    for i in groups.indices {
      groups[i].members.removeAll { frozen.contains($0.tensor) || $0.tensor == embedding }
    }
    groups.append(
      ParameterGroup(
        name: "rows", rate: 1, weightDecay: 0,
        members: [.init(tensor: embedding, rows: 0..<3), .init(tensor: embedding, rows: 10..<29)]))
    plan.stages = [TrainingStage(name: "all", firstStep: 0, scope: .all, groups: groups)]
    plan.averaging = everything
    var run = TrainingRun(model: model, plan: plan, data: tinyData())
    _ = try run.run()
    for kind in WeightKind.allCases {
      let weights = run.model(with: kind).parameters
      for tensor in frozen {
        let range = model.layout.tensors[tensor].range
        #expect(weights[range] == model.parameters[range])
      }
      let rows = model.layout.tensors[embedding].range.lowerBound
      #expect(weights[rows + 3 * 16..<rows + 10 * 16] == model.parameters[rows + 48..<rows + 160])
      #expect(weights[rows..<rows + 48] != model.parameters[rows..<rows + 48])
    }
  }

  @Test func `a run that goes back takes its means back, and the threads do not show`() throws {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    func weights(threads: Int) throws -> [[Float]] {
      Workers.setThreadCount(threads)
      let model = tinyModel()
      var plan = tinyPlan(for: model)
      plan.schedule = Schedule(segments: [
        .init(steps: 6, shape: .constant, from: 1e-2, to: 1e-2),
        .init(steps: 1, shape: .constant, from: 1e300, to: 1e300),
        .init(steps: 5, shape: .constant, from: 1e-2, to: 1e-2),
      ])
      plan.snapshotInterval = 4
      plan.averaging = everything
      var run = TrainingRun(model: model, plan: plan, data: tinyData())
      #expect(try run.run().rollbacks == 1)
      return WeightKind.allCases.map { run.model(with: $0).parameters }
    }
    let one = try weights(threads: 1)
    #expect(one.allSatisfy { $0.allSatisfy(\.isFinite) })
    #expect(try weights(threads: 2) == one && weights(threads: 4) == one)
  }
}

private func * (list: [WeightKind], count: Int) -> [WeightKind] {
  Array(repeatElement(list, count: count).joined())
}
