import Testing

@testable import TesseraTraining

@Suite struct StepGuardTests {
  /// Losses that differ a little, so that there is a deviation.
  private func fill(_ guarded: inout StepGuard, count: Int = 127) {
    for i in 0..<count {
      let judgement = guarded.judge(loss: 2 + Double(i % 2), gradientNorm: 1 + Double(i % 4) / 10)
      #expect(judgement.verdict == .update && judgement.lossScore == nil)
    }
  }

  @Test func `the z-score is that of the window with the number in it`() throws {
    var detector = SpikeDetector()
    for i in 0..<127 { #expect(detector.score(of: Double(i)) == nil) }
    let score = detector.score(of: 500) ?? .nan
    let window = (0..<127).map(Double.init) + [500]
    let mean = window.reduce(0, +) / 128
    let variance = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 128
    #expect(abs(score - (500 - mean) / variance.squareRoot()) < 1e-12)
    #expect(detector.window == window)
    _ = detector.score(of: 7)
    #expect(detector.window == Array(window.dropFirst()) + [7])
    var still = SpikeDetector(window: Array(repeating: 3, count: 128))
    #expect(still.score(of: 3) == 0)
  }

  @Test func `spikes are left out where there is a limit, and nothing before the window is full`() {
    for (lossLimit, gradientLimit, reason) in [
      (7.0, nil, .lossSpike), (nil, 7.0, .gradientSpike), (nil, nil, nil), (12, 12, nil),
    ] as [(Double?, Double?, StepGuard.Reason?)] {
      var guarded = StepGuard(limit: 5, lossLimit: lossLimit, gradientLimit: gradientLimit)
      #expect(guarded.judge(loss: 1e9, gradientNorm: 1e9).verdict == .update)
      guarded.beginStage()
      fill(&guarded)
      let judgement = guarded.judge(loss: 1_000, gradientNorm: 1_000)
      #expect(judgement.verdict == reason.map { .skip($0) } ?? .update)
      #expect((judgement.lossScore ?? 0) > 7 && (judgement.gradientScore ?? 0) > 7)
      #expect(guarded.state.total == (reason == nil ? 0 : 1))
      // A drop is no spike.
      #expect(guarded.judge(loss: -1_000, gradientNorm: 0).verdict == .update)
      guarded.beginStage()
      #expect(guarded.judge(loss: 1e9, gradientNorm: 1e9).lossScore == nil)
    }
  }

  @Test
  func `steps that are not finite are left out, then stop the run where there is no way back`() {
    var guarded = StepGuard(limit: 2)
    for loss in [Double.nan, .infinity] {
      #expect(guarded.judge(loss: loss, gradientNorm: 1).verdict == .skip(.notFinite))
    }
    #expect(guarded.judge(loss: 1, gradientNorm: 1).verdict == .update)
    for _ in 0..<2 {
      #expect(guarded.judge(loss: 1, gradientNorm: .nan).verdict == .skip(.notFinite))
    }
    #expect(guarded.judge(loss: 1, gradientNorm: .nan).verdict == .stop)
    #expect(guarded.state.total == 5)
  }

  @Test func `the run goes back once between updates`() {
    var guarded = StepGuard(limit: 2)
    func judge(_ isFinite: Bool) -> StepGuard.Verdict {
      guarded.judge(
        loss: .nan, gradientNorm: 1, hasSnapshot: true, weightsAreFinite: { isFinite }
      ).verdict
    }
    // Broken weights at once, good ones after the limit.
    #expect(judge(false) == .rollBack)
    #expect(judge(false) == .skip(.notFinite))
    #expect(judge(false) == .skip(.notFinite))
    #expect(judge(false) == .stop)
    guarded = StepGuard(limit: 2)
    #expect(judge(true) == .skip(.notFinite))
    #expect(judge(true) == .skip(.notFinite))
    #expect(judge(true) == .rollBack)
    #expect(guarded.judge(loss: 1, gradientNorm: 1).verdict == .update)
    #expect(judge(false) == .rollBack && guarded.state.rollbacks == 2)
  }
}
