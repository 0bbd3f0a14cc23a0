import TesseraBasics
import TesseraModels
import TesseraTensors
import Testing

@Suite(.serialized) struct DeterminismTests {
  /// Enough tokens, heads and vocabulary for several tiles of each kind.
  static let configuration = TransformerConfiguration(
    vocabularySize: 1_100, width: 130, layerCount: 1, headCount: 4, keyValueHeadCount: 2,
    headWidth: 6, feedForwardWidth: 70, contextLength: 128)

  @Test func `every number of threads gives the same bits`() {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    let batch = TransformerTests.batch(Self.configuration, sequences: 2, length: 100)
    var results: [Int: (gradient: [Float], parameters: [Float], loss: Double)] = [:]
    for threads in [1, 2, 3, 8] {
      Workers.setThreadCount(threads)
      var model = Transformer(configuration: Self.configuration, seed: 3)
      let workspace = TransformerWorkspace()
      var gradient = [Float](repeating: 0, count: model.parameters.count)
      var (first, second) = (gradient, gradient)
      _ = model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
      let norm = sumOfSquares(gradient.span).squareRoot()
      var parameters = model.parameters.mutableSpan
      var m = first.mutableSpan
      var v = second.mutableSpan
      adamW(
        parameters: &parameters, gradient: gradient.span, firstMoment: &m, secondMoment: &v,
        learningRate: 1e-2, weightDecay: 0.1, step: 1, gradientScale: 1 / norm)
      let loss = model.loss(of: batch, workspace: workspace).sum
      results[threads] = (gradient, model.parameters, loss)
    }
    for threads in [2, 3, 8] {
      #expect(results[threads]!.gradient == results[1]!.gradient, "\(threads) threads")
      #expect(results[threads]!.parameters == results[1]!.parameters, "\(threads) threads")
      #expect(results[threads]!.loss == results[1]!.loss, "\(threads) threads")
    }
  }

  @Test func `what was in a workspace does not matter`() {
    let model = Transformer(configuration: Self.configuration, seed: 3)
    let workspace = TransformerWorkspace()
    func gradient(_ batch: TokenBatch) -> [Float] {
      var gradient = [Float](repeating: 0, count: model.parameters.count)
      _ = model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
      return gradient
    }
    let small = TransformerTests.batch(Self.configuration, sequences: 3, length: 5)
    let fresh = gradient(small)
    _ = gradient(TransformerTests.batch(Self.configuration, sequences: 2, length: 80, seed: 8))
    #expect(gradient(small) == fresh)
    #expect(workspace.byteCount > 0)
  }
}
