import TesseraBasics
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

/// Activations that are computed a second time are the same.
@Suite(.serialized) struct RecomputationTests {
  private func gradient(
    of model: Transformer, _ batch: TokenBatch, _ precision: Precision, recomputes: Bool,
    workspace: TransformerWorkspace = TransformerWorkspace()
  ) -> [Float] {
    var gradient = [Float](repeating: 0, count: model.layout.count)
    let loss = model.accumulateGradient(
      of: batch, into: &gradient, precision: precision, recomputes: recomputes,
      workspace: workspace)
    return gradient + [Float(loss.sum)]
  }

  @Test(arguments: FamilyTests.names)
  func `gradients have the bits of those with kept activations`(name: String) throws {
    var model = try Transformer(checkpoint: fixturePath("models/" + name))
    let length = min(50, model.configuration.contextLength)
    let batch = TransformerTests.batch(model.configuration, sequences: 3, length: length)
    for precision in Precision.available {
      #expect(
        gradient(of: model, batch, precision, recomputes: true)
          == gradient(of: model, batch, precision, recomputes: false), "\(precision)")
    }
    model = model.adding(LowRankAdapters(rank: 2), seed: 1)
    #expect(
      gradient(of: model, batch, .float32, recomputes: true)
        == gradient(of: model, batch, .float32, recomputes: false))
  }

  @Test func `memory does not grow with the layers but for what they read`() {
    func size(layers: Int, recomputes: Bool) -> Int {
      let model = Transformer(
        configuration: TransformerConfiguration(
          vocabularySize: 40, width: 64, layerCount: layers, headCount: 2, feedForwardWidth: 200,
          contextLength: 64), seed: 1)
      let workspace = TransformerWorkspace()
      let batch = TransformerTests.batch(model.configuration, sequences: 2, length: 64)
      _ = gradient(of: model, batch, .float32, recomputes: recomputes, workspace: workspace)
      return workspace.byteCount
    }
    let growth = size(layers: 9, recomputes: true) - size(layers: 1, recomputes: true)
    let inputs = 8 * 128 * 64 * 4
    #expect(growth >= inputs && growth < inputs + 8 * 64)
    #expect(size(layers: 9, recomputes: false) > 3 * size(layers: 9, recomputes: true))
  }
}
