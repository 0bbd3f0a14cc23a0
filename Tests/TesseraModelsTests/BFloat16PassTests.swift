import TesseraBasics
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

/// Training steps with products in bf16.
@Suite(.serialized, .enabled(if: Precision.bfloat16.isAvailable)) struct BFloat16PassTests {
  private func gradient(
    of model: Transformer, _ batch: TokenBatch, _ precision: Precision,
    workspace: TransformerWorkspace = TransformerWorkspace()
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    let loss = model.accumulateGradient(
      of: batch, into: &gradient, scale: 1 / Float(batch.tokenCount), precision: precision,
      workspace: workspace)
    return (loss.mean, gradient)
  }

  /// The size of the difference of two vectors, relative to the second.
  private func distance(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    let difference = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (difference / max(b.reduce(0.0) { $0 + Double($1) * Double($1) }, 1e-30)).squareRoot()
  }

  @Test(arguments: FamilyTests.names)
  func `losses and gradients are near those in f32`(name: String) throws {
    let model = try Transformer(checkpoint: fixturePath("models/" + name))
    let length = min(100, model.configuration.contextLength)
    let batch = TransformerTests.batch(model.configuration, sequences: 300 / length, length: length)
    let exact = gradient(of: model, batch, .float32)
    let rounded = gradient(of: model, batch, .bfloat16)
    #expect(rounded.loss != exact.loss)
    #expect(abs(rounded.loss - exact.loss) < 2e-3 * exact.loss)
    #expect(distance(rounded.gradient[...], exact.gradient[...]) < 0.06)
    for tensor in model.layout.tensors {
      // Biases of keys have no gradient but rounding: they add the same to all scores of a query.
      if ["k_proj.bias", "key.bias"].contains(where: tensor.name.hasSuffix) { continue }
      let distance = distance(rounded.gradient[tensor.range], exact.gradient[tensor.range])
      // Norms of heads that are four numbers wide make much of rounding.
      #expect(distance < 0.3, "\(tensor.name)")
    }
  }

  @Test func `every number of threads gives the same bits`() {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    let model = Transformer(configuration: DeterminismTests.configuration, seed: 3)
    let batch = TransformerTests.batch(model.configuration, sequences: 4, length: 100)
    var results: [[Float]] = []
    for threads in [1, 2, 3, 8] {
      Workers.setThreadCount(threads)
      let found = gradient(of: model, batch, .bfloat16)
      results.append(found.gradient + [Float(found.loss)])
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func `a workspace follows the parameters and the model`() {
    var model = Transformer(configuration: DeterminismTests.configuration, seed: 3)
    let other = Transformer(
      configuration: TransformerConfiguration(
        vocabularySize: 50, width: 24, layerCount: 2, headCount: 2, feedForwardWidth: 40,
        contextLength: 32), seed: 1)
    let batch = TransformerTests.batch(model.configuration, sequences: 1, length: 40)
    let otherBatch = TransformerTests.batch(other.configuration, sequences: 2, length: 7)
    let workspace = TransformerWorkspace()
    for change in 0..<3 {
      for i in model.parameters.indices where i % 7 == change { model.parameters[i] += 0.01 }
      let fresh = gradient(of: model, batch, .bfloat16)
      let kept = gradient(of: model, batch, .bfloat16, workspace: workspace)
      #expect(kept.gradient == fresh.gradient && kept.loss == fresh.loss)
      let otherFresh = gradient(of: other, otherBatch, .bfloat16)
      let otherKept = gradient(of: other, otherBatch, .bfloat16, workspace: workspace)
      #expect(otherKept.gradient == otherFresh.gradient)
    }
  }
}
