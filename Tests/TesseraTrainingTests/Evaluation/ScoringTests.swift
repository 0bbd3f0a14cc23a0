import TesseraModels
import TesseraTraining
import Testing

@Suite struct ScoringTests {
  private let documents = randomDocuments([1, 40, 7, 16, 15, 0, 33, 100])

  /// Each target by itself after as much context as the windows promise, the slow way.
  private func reference(
    _ model: Transformer, length: Int, stride: Int
  ) -> [(nats: Double, endNats: Double)] {
    (0..<documents.count).map { document in
      let range = documents.range(of: document)
      let tokens = [28] + range.map { Int32(documents.tokens[$0]) }
      var (nats, endNats) = (0.0, 0.0)
      var start = 0
      for position in 0..<tokens.count - 1 {
        while position >= start + length { start += stride }
        let inputs = Array(tokens[start...position])
        var targets = [Int32](repeating: -1, count: inputs.count)
        targets[inputs.count - 1] = tokens[position + 1]
        let loss = model.loss(
          of: TokenBatch(
            sequenceCount: 1, sequenceLength: inputs.count, inputs: inputs, targets: targets),
          workspace: TransformerWorkspace())
        if position == tokens.count - 2 { endNats = loss.sum } else { nats += loss.sum }
      }
      return (nats, endNats)
    }
  }

  @Test(arguments: [(16, 8), (16, 16), (16, 1), (5, 2)])
  func `every token is scored once, with the context that the windows promise`(
    length: Int, stride: Int
  ) {
    let model = tinyModel(seed: 3)
    let score = model.score(
      documents, options: ScoringOptions(windowLength: length, stride: stride),
      workspace: TransformerWorkspace())
    let expected = reference(model, length: length, stride: stride)
    #expect(score.documents.count == expected.count)
    for (found, expected) in zip(score.documents, expected) {
      #expect(abs(found.nats - expected.nats) <= 1e-5 * max(1, expected.nats))
      #expect(abs(found.endNats - expected.endNats) <= 1e-5)
    }
  }

  @Test func `bytes and tokens are those of the documents`() {
    let score = tinyModel().score(documents, workspace: TransformerWorkspace())
    #expect(score.documents.map(\.bytes) == [1, 40, 7, 16, 15, 0, 33, 100])
    #expect(score.documents.map(\.tokens) == [1, 40, 7, 16, 15, 0, 33, 100])
    #expect(score.bytes == 212 && score.tokens == 212 && score.bytesPerToken == 1)
  }

  @Test func `a model that knows nothing needs the logarithm of its vocabulary`() {
    var model = tinyModel()
    for i in model.layout["model.embed_tokens.weight"]!.range { model.parameters[i] = 0 }
    let score = model.score(documents, workspace: TransformerWorkspace())
    #expect(abs(score.bitsPerByte - 4.857_981) < 1e-5)  // log₂ 29
  }

  @Test(arguments: [1, 16, 50, 10_000])
  func `the size of the passes does not matter`(batchTokenCount: Int) {
    let model = tinyModel(seed: 3)
    let workspace = TransformerWorkspace()
    let score = model.score(
      documents, options: ScoringOptions(batchTokenCount: batchTokenCount), workspace: workspace)
    let other = model.score(documents, workspace: workspace)
    for (a, b) in zip(score.documents, other.documents) {
      #expect(abs(a.nats - b.nats) <= 1e-5 * max(1, b.nats))
    }
  }

  @Test func `a document's score does not depend on its neighbours`() {
    let model = tinyModel(seed: 3)
    let workspace = TransformerWorkspace()
    let all = model.score(documents, workspace: workspace)
    for document in 0..<documents.count {
      var alone = TokenizedDocuments(vocabularySize: 29, endOfText: 28)
      let range = documents.range(of: document).dropLast()
      alone.append(range.map { documents.tokens[$0] }, byteCount: range.count)
      let score = model.score(alone, workspace: workspace)
      #expect(
        abs(score.nats - all.documents[document].nats) <= 1e-5 * max(1, score.nats))
    }
  }
}
