import TesseraBasics
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

/// Adapters of models of all families: what they compute is what the matrices would that they are merged into.
@Suite(.serialized) struct LowRankAdapterTests {
  /// A model whose adapters are not zero.
  private func adapted(
    _ model: Transformer, _ adapters: LowRankAdapters, seed: UInt64 = 4
  ) -> Transformer {
    var result = model.adding(adapters, seed: seed)
    var random = SplitMix64(seed: seed + 1)
    for tensor in result.layout.tensors where tensor.role == .adapter {
      for i in tensor.range { result.parameters[i] = Float(random.normal() * 0.1) }
    }
    return result
  }

  private func fixture(_ name: String) throws -> (model: Transformer, batch: TokenBatch) {
    let model = try Transformer(checkpoint: fixturePath("models/" + name))
    let length = min(40, model.configuration.contextLength)
    return (model, TransformerTests.batch(model.configuration, sequences: 3, length: length))
  }

  private func gradient(
    of model: Transformer, _ batch: TokenBatch, scope: GradientScope = .all,
    precision: Precision = .float32, rank: Int? = nil, from start: Float = 0
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: start, count: model.layout.count)
    let loss = model.accumulateGradient(
      of: batch, into: &gradient, scope: scope, precision: precision, adapterRank: rank,
      workspace: TransformerWorkspace())
    return (loss.sum, gradient)
  }

  @Test(arguments: FamilyTests.names)
  func `new adapters change nothing, and are merged to the same bits`(name: String) throws {
    let (model, batch) = try fixture(name)
    let new = model.adding(LowRankAdapters(rank: 3), seed: 1)
    #expect(new.layout.count > model.layout.count)
    let workspace = TransformerWorkspace()
    #expect(
      new.tokenLosses(of: batch, workspace: workspace)
        == model.tokenLosses(of: batch, workspace: workspace))
    let merged = new.mergingAdapters()
    #expect(merged.layout == model.layout && merged.parameters == model.parameters)
  }

  @Test(arguments: FamilyTests.names)
  func `losses are those of the merged matrices`(name: String) throws {
    let (model, batch) = try fixture(name)
    for scaling in LowRankAdapters.Scaling.allCases {
      let adapted = adapted(model, LowRankAdapters(rank: 3, alpha: 5, scaling: scaling))
      let merged = adapted.mergingAdapters()
      #expect(merged.parameters != model.parameters)
      let workspace = TransformerWorkspace()
      let found = adapted.tokenLosses(of: batch, workspace: workspace)
      let expected = merged.tokenLosses(of: batch, workspace: workspace)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($1)) })
    }
  }

  /// The gradients of A and B follow from that of the matrix, by their definition.
  @Test(arguments: FamilyTests.names)
  func `gradients are those of the product`(name: String) throws {
    let (model, batch) = try fixture(name)
    let adapters = LowRankAdapters(rank: 3, alpha: 6)
    let adapted = adapted(model, adapters)
    let whole = gradient(of: adapted.mergingAdapters(), batch)
    let found = gradient(of: adapted, batch)
    #expect(abs(found.loss - whole.loss) < 1e-4 * whole.loss)
    let merged = adapted.mergingAdapters().layout
    for tensor in adapted.layout.tensors where tensor.name.hasSuffix(".lora_A.weight") {
      let module = String(tensor.name.dropLast(".lora_A.weight".count))
      let b = try #require(adapted.layout[module + ".lora_B.weight"])
      let matrix = try #require(merged[module + ".weight"])
      let (rank, inputs, outputs) = (tensor.shape[0], tensor.shape[1], b.shape[1])
      let slope = whole.gradient[matrix.range].map { Double($0) }
      let aValues = adapted.parameters[tensor.range].map { Double($0) }
      let bValues = adapted.parameters[b.range].map { Double($0) }
      let scale = adapters.scale(atRank: rank)
      // dA = s B^T dW, and dB^T = s A dW^T, with B kept transposed.
      let dA = multiplyReference(
        bValues, rows: rank, inner: outputs, slope, columns: inputs
      ).map { Float($0 * scale) }
      let dB = multiplyReference(
        aValues, rows: rank, inner: inputs, slope, columns: outputs, bIsTransposed: true
      ).map { Float($0 * scale) }
      #expect(distance(Array(found.gradient[tensor.range]), dA) < 1e-4, "\(tensor.name)")
      #expect(distance(Array(found.gradient[b.range]), dB) < 1e-4, "\(b.name)")
    }
  }

  /// The size of the difference of two vectors, relative to the second.
  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (difference / max(b.reduce(0) { $0 + $1 * $1 }, 1e-20)).squareRoot()
  }

  @Test(arguments: FamilyTests.names)
  func `a gradient of adapters leaves all else alone`(name: String) throws {
    let (model, batch) = try fixture(name)
    let last = model.configuration.layerCount - 1
    for layers in [nil, [last]] as [[Int]?] {
      let adapted = adapted(model, LowRankAdapters(rank: 2, layers: layers))
      let names = Set(adapted.layout.tensors.filter { $0.role == .adapter }.map(\.name))
      let all = gradient(of: adapted, batch)
      let some = gradient(of: adapted, batch, scope: .tensors(names), from: 7)
      #expect(some.loss == all.loss)
      for tensor in adapted.layout.tensors {
        let part = some.gradient[tensor.range]
        if tensor.role == .adapter {
          let expected = all.gradient[tensor.range].map { $0 + 7 }
          #expect(zip(part, expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(tensor.name)")
        } else {
          #expect(part.allSatisfy { $0 == 7 }, "\(tensor.name)")
        }
      }
    }
  }

  @Test(arguments: ["qwen3", "tied", "gpt2"])
  func `adapters that do not train leave the others their gradients`(name: String) throws {
    let (model, batch) = try fixture(name)
    let adapted = adapted(model, LowRankAdapters(rank: 2))
    let all = gradient(of: adapted, batch)
    let modules = Set(
      adapted.layout.tensors.filter { $0.role == .adapter }.map {
        $0.name.split(separator: ".").dropLast(2).last.map(String.init) ?? ""
      })
    for module in modules {
      let names = adapted.layout.tensors.filter {
        $0.role == .adapter && !$0.name.contains(".\(module).")
      }.map(\.name)
      let some = gradient(of: adapted, batch, scope: .tensors(Set(names)))
      for tensor in adapted.layout.tensors where tensor.role == .adapter {
        let part = some.gradient[tensor.range]
        if names.contains(tensor.name) {
          #expect(part == all.gradient[tensor.range], "\(tensor.name)")
        } else {
          #expect(part.allSatisfy { $0 == 0 }, "\(tensor.name)")
        }
      }
    }
  }

  @Test(arguments: FamilyTests.names)
  func `a gradient of some tensors is a part of the whole gradient`(name: String) throws {
    let (model, batch) = try fixture(name)
    let all = gradient(of: model, batch)
    let last = try #require(
      model.layout.tensors.last {
        $0.role == .matrix && $0.name.contains(".\(model.configuration.layerCount - 1).")
      })
    let norm = try #require(model.layout.tensors.first { $0.role == .norm })
    for tensor in [last, norm] {
      let some = gradient(of: model, batch, scope: .tensors([tensor.name]))
      #expect(some.gradient[tensor.range] == all.gradient[tensor.range], "\(tensor.name)")
      for other in model.layout.tensors where other.role == .embedding || other.role == .head {
        #expect(some.gradient[other.range].allSatisfy { $0 == 0 })
      }
    }
  }

  @Test func `the first ranks are those of a smaller adapter`() throws {
    let (model, batch) = try fixture("qwen3")
    let adapted = adapted(model, LowRankAdapters(rank: 4, alpha: 8))
    var small = model.adding(LowRankAdapters(rank: 2, alpha: 8), seed: 0)
    for tensor in small.layout.tensors where tensor.role == .adapter {
      let large = try #require(adapted.layout[tensor.name]).range
      small.parameters.replaceSubrange(
        tensor.range, with: adapted.parameters[large].prefix(tensor.range.count))
    }
    let found = gradient(of: adapted, batch, rank: 2)
    let expected = gradient(of: small, batch)
    #expect(found.loss == expected.loss)
    for tensor in small.layout.tensors where tensor.role == .adapter {
      let large = try #require(adapted.layout[tensor.name]).range
      #expect(found.gradient[large].prefix(tensor.range.count) == expected.gradient[tensor.range])
      #expect(found.gradient[large].dropFirst(tensor.range.count).allSatisfy { $0 == 0 })
    }
    #expect(
      adapted.mergingAdapters(rank: 2).parameters == small.mergingAdapters().parameters)
  }

  @Test(arguments: Precision.available)
  func `every number of threads gives the same bits`(precision: Precision) {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    let model = adapted(
      Transformer(configuration: DeterminismTests.configuration, seed: 3), LowRankAdapters(rank: 5))
    let batch = TransformerTests.batch(model.configuration, sequences: 3, length: 100)
    var results: [[Float]] = []
    for threads in [1, 2, 3, 8] {
      Workers.setThreadCount(threads)
      results.append(gradient(of: model, batch, precision: precision).gradient)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
