import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite(.serialized) struct TokenFactorTests {
  /// A tied decoder, one with a head of its own, one whose embedding is scaled and norms are offset, an encoder.
  static let names = ["tied", "untied-grouped", "gemma", "xlm-roberta", "bert-untied"]

  private func factors(_ c: TransformerConfiguration, rank: Int = 5) -> TokenMatrixFactors {
    var random = SplitMix64(seed: 9)
    func pair() -> TokenMatrixFactors.Pair {
      TokenMatrixFactors.Pair(
        coordinates: (0..<c.vocabularySize * rank).map { _ in Float(random.normal() * 0.4) },
        primitives: (0..<rank * c.width).map { _ in Float(random.normal() * 0.4) })
    }
    return TokenMatrixFactors(rank: rank, input: pair(), output: c.tiedEmbeddings ? nil : pair())
  }

  /// A golden model with factors in the place of its matrices, and its batch.
  private func model(_ name: String) throws -> (model: Transformer, batch: TokenBatch) {
    let golden = try GoldenModelTests.Golden(name)
    return (golden.model.factorized(by: factors(golden.model.configuration)), golden.batch)
  }

  @Test(arguments: names)
  func `a model with factors is that with their products`(name: String) throws {
    let (model, batch) = try model(name)
    let c = model.configuration
    let whole = model.expandingFactors()
    #expect(whole.configuration.factorRank == nil)
    #expect(model.tokenFactors == factors(c))
    let table = try #require(whole.layout.ranges(of: [.embedding]).first)
    let pair = factors(c).input
    let expected = multiplyReference(
      pair.coordinates.map(Double.init), rows: c.vocabularySize, inner: 5,
      pair.primitives.map(Double.init), columns: c.width, bIsTransposed: false)
    #expect(
      GoldenModelTests.distance(whole.parameters[table], expected.map { Float($0) }) < 1e-5)
    let workspace = TransformerWorkspace()
    #expect(
      model.tokenLosses(of: batch, workspace: workspace)
        == whole.tokenLosses(of: batch, workspace: workspace))
  }

  @Test(arguments: names)
  func `gradients of factors follow from that of their product`(name: String) throws {
    let (model, batch) = try model(name)
    let c = model.configuration
    let whole = model.expandingFactors()
    let workspace = TransformerWorkspace()
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    var dense = [Float](repeating: 0, count: whole.parameters.count)
    let loss = model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
    #expect(loss == whole.accumulateGradient(of: batch, into: &dense, workspace: workspace))
    let given = factors(c)
    var pairs = [("input", given.input, whole.layout.ranges(of: [.embedding])[0])]
    if let output = given.output {
      pairs.append(("output", output, whole.layout.ranges(of: [.head])[0]))
    }
    for (role, pair, range) in pairs {
      let table = dense[range].map(Double.init)
      let (f, p) = (pair.coordinates.map(Double.init), pair.primitives.map(Double.init))
      // dF = dE P^T and dP = F^T dE.
      let coordinates = multiplyReference(
        table, rows: c.vocabularySize, inner: c.width, p, columns: 5, bIsTransposed: true)
      var transposed = [Double](repeating: 0, count: f.count)
      for row in 0..<c.vocabularySize {
        for k in 0..<5 { transposed[k * c.vocabularySize + row] = f[row * 5 + k] }
      }
      let primitives = multiplyReference(
        transposed, rows: 5, inner: c.vocabularySize, table, columns: c.width,
        bIsTransposed: false)
      for (name, expected) in [("coordinates", coordinates), ("primitives", primitives)] {
        let tensor = try #require(model.layout["\(role).\(name).weight"])
        #expect(
          GoldenModelTests.distance(gradient[tensor.range], expected.map { Float($0) }) < 1e-4,
          "\(tensor.name)")
      }
    }
    for tensor in model.layout.tensors {
      guard let same = whole.layout[tensor.name] else { continue }
      #expect(gradient[tensor.range].elementsEqual(dense[same.range]))
    }
  }

  @Test(arguments: names)
  func `gradients of factors agree with differences of losses`(name: String) throws {
    var (model, batch) = try model(name)
    let workspace = TransformerWorkspace()
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    _ = model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
    for tensor in model.layout.tensors
    where tensor.name.hasPrefix("input.") || tensor.name.hasPrefix("output.") {
      let step = max(1, tensor.range.count / 7)
      for i in stride(from: tensor.range.lowerBound, to: tensor.range.upperBound, by: step) {
        let value = model.parameters[i]
        model.parameters[i] = value + 5e-3
        let up = model.loss(of: batch, workspace: workspace).sum
        model.parameters[i] = value - 5e-3
        let down = model.loss(of: batch, workspace: workspace).sum
        model.parameters[i] = value
        let expected = (up - down) / 1e-2
        // Single precision and a step that sees the curvature.
        #expect(
          abs(Double(gradient[i]) - expected) < 0.03 * max(1, abs(expected)),
          "\(tensor.name) at \(i - tensor.range.lowerBound)")
      }
    }
  }

  @Test func `a gradient of the embeddings leaves primitives alone`() throws {
    let (model, batch) = try model("untied-grouped")
    var gradient = [Float](repeating: 7, count: model.parameters.count)
    _ = model.accumulateGradient(
      of: batch, into: &gradient, scope: .embeddings, workspace: TransformerWorkspace())
    for tensor in model.layout.tensors {
      let isTouched = gradient[tensor.range].contains { $0 != 7 }
      #expect(isTouched == [.embedding, .head].contains(tensor.role), "\(tensor.name)")
    }
  }

  @Test func `every number of threads gives the same bits`() throws {
    let (model, batch) = try model("untied-grouped")
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    var results: [[Float]] = []
    for threads in [1, 2, 3] {
      Workers.setThreadCount(threads)
      var gradient = [Float](repeating: 0, count: model.parameters.count)
      _ = model.accumulateGradient(of: batch, into: &gradient, workspace: TransformerWorkspace())
      results.append(gradient)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func `files come back, and those of another model are refused`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("factors.safetensors")
    let golden = try GoldenModelTests.Golden("untied-grouped")
    let c = golden.model.configuration
    try factors(c).write(to: path, for: c)
    #expect(try TokenMatrixFactors(path: path, for: c) == factors(c))
    let tied = try GoldenModelTests.Golden("tied").model.configuration
    #expect(
      throws: CheckpointError.wrongShape(
        tensor: "input.coordinates.weight", expected: [tied.vocabularySize, 5],
        found: [c.vocabularySize, 5])
    ) { try TokenMatrixFactors(path: path, for: tied) }
    let other = folder.file("other.safetensors")
    try factors(tied).write(to: other, for: tied)
    var untied = tied
    untied.tiedEmbeddings = false
    #expect(
      throws: CheckpointError.missingTensor(tensor: "output.primitives.weight", directory: other)
    ) { try TokenMatrixFactors(path: other, for: untied) }
  }
}
