import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

/// What holds for the models of all families: see `GoldenModelTests` for what they compute.
@Suite(.serialized) struct FamilyTests {
  static let names = GoldenModelTests.names

  private func model(_ name: String) throws -> Transformer {
    try Transformer(checkpoint: fixturePath("models/" + name))
  }

  @Test(arguments: names)
  func `every tensor comes back bit for bit`(name: String) throws {
    let original = try Checkpoint(directory: fixturePath("models/" + name))
    let directory = try TemporaryDirectory()
    try Transformer(original).save(
      toStaging: directory.path, elementType: .f32, like: original.configuration)
    let back = try Checkpoint(directory: directory.path)
    #expect(back.configuration.json == original.configuration.json)
    // What a file holds a second time is not written.
    let copies =
      name == "bert-older"
      ? ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"] : []
    let tensors = original.shards.flatMap(\.header.tensors).filter { !copies.contains($0.name) }
    #expect(
      tensors.map(\.name).sorted() == back.shards.flatMap(\.header.tensors).map(\.name).sorted())
    for tensor in tensors {
      let (shard, found) = try #require(back.location(of: tensor.name))
      #expect(found.type == tensor.type && found.shape == tensor.shape)
      let all = 0..<tensor.description.size
      let (first, _) = try #require(original.location(of: tensor.name))
      #expect(
        try back.shards[shard].bytes(of: found, in: all)
          == original.shards[first].bytes(of: tensor, in: all), "\(tensor.name)")
    }
  }

  @Test(arguments: GoldenModelTests.decoders)
  func `logits with a cache equal those of the whole sequence`(name: String) throws {
    let model = try model(name)
    // Longer than every window.
    let tokens = TransformerTests.batch(model.configuration, sequences: 1, length: 24).inputs
    let all = model.logits(for: tokens)
    let size = model.configuration.vocabularySize
    for promptLength in [1, 11] {
      var generator = Generator(model)
      var logits = generator.logits(after: Array(tokens[..<promptLength]))
      for position in promptLength - 1..<tokens.count {
        let expected = all[position * size..<(position + 1) * size]
        #expect(zip(logits, expected).allSatisfy { abs($0 - $1) < 2e-5 * max(1, abs($1)) })
        if position + 1 < tokens.count { logits = generator.logits(after: [tokens[position + 1]]) }
      }
    }
  }

  @Test(arguments: names)
  func `every number of threads gives the same bits`(name: String) throws {
    let model = try model(name)
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    // Several tiles of tokens, and of queries where the context has room.
    let length = min(100, model.configuration.contextLength)
    let batch = TransformerTests.batch(model.configuration, sequences: 300 / length, length: length)
    var results: [[Float]] = []
    for threads in [1, 2, 3] {
      Workers.setThreadCount(threads)
      var gradient = [Float](repeating: 0, count: model.parameters.count)
      let loss = model.accumulateGradient(
        of: batch, into: &gradient, workspace: TransformerWorkspace())
      results.append(gradient + [Float(loss.sum)])
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test(arguments: names)
  func `a gradient of the embeddings leaves the body alone`(name: String) throws {
    let model = try model(name)
    let batch = TransformerTests.batch(model.configuration, sequences: 2, length: 9)
    let workspace = TransformerWorkspace()
    var all = [Float](repeating: 0, count: model.parameters.count)
    var embeddings = [Float](repeating: 7, count: model.parameters.count)
    _ = model.accumulateGradient(of: batch, into: &all, workspace: workspace)
    let tables = model.layout.ranges(of: [.embedding, .head])
    for range in tables { for i in range { embeddings[i] = 0 } }
    _ = model.accumulateGradient(
      of: batch, into: &embeddings, scope: .embeddings, workspace: workspace)
    for range in tables { #expect(all[range] == embeddings[range]) }
    for range in model.layout.ranges(of: [.norm, .bias, .matrix, .positions]) {
      #expect(embeddings[range].allSatisfy { $0 == 7 })
    }
  }

  @Test(arguments: names)
  func `gradients of looked-up rows are parts of the whole gradient`(name: String) throws {
    let model = try model(name)
    let (size, width) = (model.configuration.vocabularySize, model.configuration.width)
    let batch = TransformerTests.batch(model.configuration, sequences: 2, length: 9)
    let workspace = TransformerWorkspace()
    var all = [Float](repeating: 0, count: model.parameters.count)
    let loss = model.accumulateGradient(of: batch, into: &all, workspace: workspace)
    let found = model.rowGradients(
      of: batch, headRows: RangeSet(0..<size), reachesInputs: true, workspace: workspace)
    #expect(found.loss == loss)
    var embedding = [Float](repeating: 0, count: size * width)
    for (position, token) in batch.inputs.enumerated() {
      for i in 0..<width { embedding[Int(token) * width + i] += found.inputs[position * width + i] }
    }
    if model.configuration.tiedEmbeddings {
      for i in embedding.indices { embedding[i] += found.head[i] }
    }
    let range = model.layout.ranges(of: [.embedding])[0]
    #expect(GoldenModelTests.distance(embedding, Array(all[range])) < 1e-5)
    let states = model.hiddenStates(
      of: batch, depth: model.configuration.layerCount, workspace: workspace)
    #expect(model.lossesAndStates(of: batch, workspace: workspace).states == states)
  }

  @Test(arguments: names)
  func `a new model of the family has the loss of guessing`(name: String) throws {
    let configuration = try model(name).configuration
    let model = Transformer(configuration: configuration, seed: 1)
    let batch = TransformerTests.batch(configuration, sequences: 2, length: 16)
    let loss = model.loss(of: batch, workspace: TransformerWorkspace()).mean
    let guessing = Double(configuration.vocabularySize).logarithm
    #expect(abs(loss - guessing) < 0.2)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Double {
  fileprivate var logarithm: Double { log(self) }
}
