import TesseraBasics
import Testing

@testable import TesseraTraining

@Suite struct DataPlanTests {
  private let sources = [
    TrainingSource(name: "a", documents: randomDocuments([99, 99, 99, 99])),
    TrainingSource(name: "b", documents: randomDocuments([99], seed: 2)),
    TrainingSource(name: "old", documents: randomDocuments([79, 19], seed: 3)),
  ]

  private func plan(
    replayShare: Double = 0.25, _ change: (inout DataOptions) throws -> Void = { _ in }
  ) throws -> DataPlan {
    var options = DataOptions()
    try change(&options)
    return try DataPlan(
      sources: sources,
      groups: [
        DataPlan.Group(sources: 0..<2, share: 1 - replayShare),
        DataPlan.Group(sources: 2..<3, share: replayShare, isReplay: true),
      ], options: options)
  }

  private func shares(_ plan: DataPlan, steps: Int = 100) throws -> [[Double]] {
    let data = try plan.data(steps: steps, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
    return data.stages.map { stage in (0..<3).map { stage.mixture.share(of: $0) } }
  }

  private func expectShares(_ found: [Double], _ expected: [Double]) {
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-5, "\(found)") }
  }

  @Test func `weights follow sizes by the temperature`() {
    expectShares(samplingWeights(sizes: [900, 100], temperature: 1), [0.9, 0.1])
    expectShares(samplingWeights(sizes: [900, 100], temperature: 2), [0.75, 0.25])
    let even = samplingWeights(sizes: [900, 100, 7], temperature: .infinity)
    #expect(even == [Double](repeating: 1 / 3, count: 3))
    let cold = samplingWeights(sizes: [1_000_000_000, 1], temperature: 0.5)
    #expect(cold[0] > 0.999_999 && cold.allSatisfy(\.isFinite))
  }

  @Test func `the sources of a language share what it gets`() throws {
    expectShares(try shares(plan())[0], [0.6, 0.15, 0.25])
    expectShares(try shares(plan { $0.samplingTemperature = 2 })[0], [0.5, 0.25, 0.25])
    expectShares(
      try shares(plan { $0.weights = ["a": 1, "b": 3] })[0], [0.1875, 0.5625, 0.25])
    expectShares(try shares(plan { $0.weights = ["b": 0] })[0], [0.75, 0, 0.25])
  }

  /// UniMax as algorithm 1 has it.
  private func uniMax(_ sizes: [Int], budget: Double, passes: Double) -> [Double] {
    var rest = budget
    var given = [Double](repeating: 0, count: sizes.count)
    let order = sizes.indices.sorted { sizes[$0] < sizes[$1] }
    for (index, source) in order.enumerated() {
      given[source] = min(rest / Double(sizes.count - index), passes * Double(sizes[source]))
      rest -= given[source]
    }
    return given.map { $0 / budget }
  }

  @Test func `equal weights with a limit are UniMax`() throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let sizes = (0..<1 + random.below(8)).map { _ in 1 + random.below(1_000) }
      let passes = 0.5 + random.uniform() * 6
      let budget = Double(sizes.reduce(0, +)) * passes * (0.1 + 0.85 * random.uniform())
      let even = sizes.map { _ in 1 / Double(sizes.count) }
      // Sequences by the million, so that their number is as good as any budget.
      let weights = try EpochLimit(passes: passes).weights(
        [even], sequenceCounts: [Int(budget * 1e6)],
        sequencesPerPass: [sizes.map { $0 * 1_000_000 }], names: sizes.map { "\($0)" })
      for (a, b) in zip(weights[0], uniMax(sizes, budget: budget, passes: passes)) {
        #expect(abs(a - b) < 1e-6, "\(sizes), \(passes), \(budget)")
      }
    }
  }

  @Test func `a limit holds over all stages, and a stage with one source has it whole`() throws {
    // 100 steps of 4 sequences; a pass over a, b and old has 40, 10 and 10 of them.
    let plan = try plan {
      $0.epochLimit = 9
      $0.stages = try [DataStageRule(parsing: "25% a=1"), DataStageRule(parsing: "rest a=4 b=6")]
    }
    let data = try plan.data(steps: 100, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
    #expect(abs(data.epochs(after: 100)[1] - 9) < 0.11)
    #expect(data.shares(after: 100).reduce(0, +) == 1)
    #expect(data.stages[0].mixture.share(of: 0) == 1)
    #expect(abs(data.stages[1].mixture.share(of: 1) - 90 / 300) < 1e-5)
  }

  @Test func `a source for the end is not used up before`() throws {
    // b would have 6 passes in the first half and 14 in the second one.
    let plan = try plan {
      $0.epochLimit = 9
      $0.stages = try [
        DataStageRule(parsing: "50% a=7 b=3"), DataStageRule(parsing: "rest a=3 b=7"),
      ]
    }
    let data = try plan.data(steps: 100, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
    let shares = data.stages.map { $0.mixture.share(of: 1) }
    #expect(abs(data.epochs(after: 100)[1] - 9) < 0.11)
    #expect(shares[0] > 0.08 && shares[1] > 2 * shares[0], "\(shares)")
  }

  @Test func `a run that is longer than all passes is refused`() throws {
    for stages in [
      [], [try DataStageRule(parsing: "50% a=1"), try DataStageRule(parsing: "50% b=1")],
    ] {
      let plan = try plan {
        $0.epochLimit = 1
        $0.stages = stages
      }
      do {
        _ = try plan.data(steps: 100, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
        Issue.record("400 sequences are taken out of 60")
      } catch DataPlanError.epochLimit(let limit, _, let passes) {
        #expect(limit == 1 && passes > 1)
      }
    }
  }

  @Test func `stages name shares, or factors on the run's own mixture`() throws {
    let found = try shares(
      plan {
        $0.stages = try [
          DataStageRule(parsing: "10%"), DataStageRule(parsing: "20 b=3 old=1"),
          DataStageRule(parsing: "rest b=x4 old=x0"),
        ]
      })
    expectShares(found[0], [0.6, 0.15, 0.25])
    expectShares(found[1], [0, 0.75, 0.25])
    expectShares(found[2], [0.5, 0.5, 0])
  }

  @Test func `curricula are stages`() throws {
    let early = try plan { $0.curriculum = .earlyReplay }
    let data = try early.data(steps: 100, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
    #expect(data.stages.map(\.firstStep) == [0, 10])
    expectShares(try shares(early)[0], [0.6, 0.15, 0.25])
    expectShares(try shares(early)[1], [0.8, 0.2, 0])
    #expect(abs(early.newShare - 0.975) < 1e-9)
    #expect(abs(data.shares(after: 100)[2] - 0.025) < 1e-3)

    let finish = try plan { $0.curriculum = .finish(source: "b") }
    let ends = try finish.data(steps: 100, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
    #expect(ends.stages.map(\.firstStep) == [0, 85])
    expectShares(try shares(finish)[1], [0.375, 0.46875, 0.15625])

    let plain = try plan {
      $0.curriculum = .plainEnd
      $0.prefixShare = 0.5
    }
    let plainData = try plain.data(steps: 100, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
    #expect(plainData.stages.map(\.prefixShare) == [0.5, 0])
    #expect(plainData.stages.map(\.firstStep) == [0, 90])
  }

  @Test(
    arguments: [
      ("", "must begin with"), ("5% 6%", "must begin with"), ("x a=1", "must begin with"),
      ("5% a=-1", "no number"), ("5% a=nan", "no number"), ("5% a=x", "no number"),
      ("5% a=1 b=x2", "cannot be mixed"), ("5% a=1 a=2", "twice"), ("5% prefix=2", "from 0 to 1"),
      ("5% =1", "no number"), ("5% prefix=1 prefix=1", "twice"),
    ] as [(String, String)])
  func `rules that cannot be understood are refused`(text: String, reason: String) {
    do {
      _ = try DataStageRule(parsing: text)
      Issue.record("\(text) is accepted")
    } catch {
      #expect("\(error)".contains(reason), "\(error)")
    }
  }

  @Test func `what is not there is named`() throws {
    let names = ["a", "b", "old"]
    #expect(throws: DataPlanError.noSuchSource("c", names: names)) {
      try plan { $0.stages = [DataStageRule(length: .rest, weights: .shares(["c": 1]))] }
    }
    #expect(throws: DataPlanError.noSuchSource("c", names: names)) {
      try plan { $0.curriculum = .finish(source: "c") }
    }
    #expect(throws: DataPlanError.noSuchSource("c", names: names)) {
      try plan { $0.weights = ["c": 1] }
    }
    #expect(throws: DataPlanError.emptyStage("rest a=0")) {
      try plan { $0.stages = try [DataStageRule(parsing: "rest a=0")] }
    }
    #expect(throws: DataPlanError.noReplay(curriculum: "early-replay")) {
      var options = DataOptions()
      options.curriculum = .earlyReplay
      _ = try DataPlan(sources: sources, groups: [.init(sources: 0..<3)], options: options)
    }
    #expect(throws: DataPlanError.duplicateSource("a")) {
      try DataPlan(
        sources: [sources[0], sources[0]], groups: [.init(sources: 0..<2)],
        options: DataOptions())
    }
    #expect(throws: DataPlanError.malformedCurriculum("finish=")) {
      try DataCurriculum(parsing: "finish=")
    }
    let short = try plan { $0.stages = try [DataStageRule(parsing: "50 a=1")] }
    #expect(throws: ScheduleError.wrongLength("data stages", 50, steps: 100)) {
      try short.data(steps: 100, sequenceLength: 10, batchSequenceCount: 4, seed: 1)
    }
  }
}
