import TesseraBasics
import TesseraModels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct GeneratorTests {
  @Test(arguments: TransformerTests.configurations)
  func `logits with a cache equal those of the whole sequence`(
    configuration: TransformerConfiguration
  ) {
    let model = TransformerTests.model(configuration)
    let tokens = TransformerTests.batch(configuration, sequences: 1, length: 9).inputs
    let all = model.logits(for: tokens)
    let size = configuration.vocabularySize
    for promptLength in [1, 2, 5] {
      var generator = Generator(model)
      var logits = generator.logits(after: Array(tokens[..<promptLength]))
      for position in promptLength - 1..<tokens.count {
        #expect(generator.position == position + 1)
        for (a, b) in zip(logits, all[position * size..<(position + 1) * size]) {
          #expect(abs(a - b) < 2e-5)
        }
        if position + 1 < tokens.count { logits = generator.logits(after: [tokens[position + 1]]) }
      }
    }
  }

  @Test func `a generator that forgot starts anew`() {
    let model = TransformerTests.model(TransformerTests.configurations[0])
    var generator = Generator(model)
    let first = generator.logits(after: [1, 2, 3])
    generator.reset()
    #expect(generator.position == 0)
    #expect(generator.logits(after: [1, 2, 3]) == first)
  }

  @Test func `texts are as long as told, and end at the context and at stop tokens`() throws {
    let configuration = TransformerTests.configurations[0]
    let model = TransformerTests.model(configuration)
    let options = SamplingOptions(temperature: 0)
    let text = try model.generate(after: [1, 2], count: 6, options: options)
    #expect(text.count == 6)
    #expect(try model.generate(after: [1, 2], count: 6, options: options) == text)
    #expect(try model.generate(after: [1, 2], count: 0).isEmpty)
    let long = try model.generate(after: [1, 2], count: 100, options: options)
    #expect(long.count == configuration.contextLength - 1)
    let stopped = try model.generate(after: [1, 2], count: 6, options: options, stops: [text[2]])
    #expect(stopped == Array(text.prefix { $0 != text[2] }))
    var seen: [Int32] = []
    _ = try model.generate(after: [1, 2], count: 6, options: options) {
      seen.append($0)
      return seen.count < 2
    }
    #expect(seen == Array(text.prefix(2)))
  }
}

@Suite struct TokenSamplerTests {
  @Test func `temperature zero takes the largest logit, and the first of equals`() throws {
    var sampler = TokenSampler(SamplingOptions(temperature: 0))
    #expect(try sampler.next([0, 3, 1, 3, .nan]) == 1)
  }

  @Test func `draws follow the probabilities`() throws {
    var sampler = TokenSampler(SamplingOptions(temperature: 1, topP: 1, seed: 4))
    // Probabilities 1/2, 1/4, 1/4 in the order 1, 0, 2.
    let logits: [Float] = [0, 0.6931472, 0]
    var counts = [0, 0, 0]
    for _ in 0..<4_000 { counts[Int(try sampler.next(logits))] += 1 }
    #expect(abs(counts[1] - 2_000) < 150)
    #expect(abs(counts[0] - 1_000) < 150)
  }

  @Test func `top-p leaves out the tail`() throws {
    var sampler = TokenSampler(SamplingOptions(temperature: 1, topP: 0.5, seed: 4))
    let logits: [Float] = [1, 5, 1, 4.9]
    for _ in 0..<200 { #expect(try sampler.next(logits) == 1) }
    var wider = TokenSampler(SamplingOptions(temperature: 1, topP: 0.6, seed: 4))
    #expect(try Set((0..<200).map { _ in try wider.next(logits) }) == [1, 3])
  }

  /// A draw by its definition: all tokens in the order of their odds, as many as reach the sum.
  private static func reference(
    _ logits: [Float], _ options: SamplingOptions, _ random: inout SplitMix64
  ) -> Int32 {
    let order = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }
    let weights = logits.map {
      exp((Double($0) - Double(logits[order[0]])) / options.temperature)
    }
    let limit = options.topP * weights.reduce(0, +)
    var kept: [Int] = []
    var total = 0.0
    for token in order where kept.isEmpty || total < limit {
      kept.append(token)
      total += weights[token]
    }
    var draw = random.uniform() * total
    for token in kept {
      draw -= weights[token]
      if draw < 0 { return Int32(token) }
    }
    return Int32(kept[kept.count - 1])
  }

  // From a few likely tokens to all alike, so that bounds on odds are passed once and several times.
  @Test(arguments: [0.1, 1, 3, 12, 60] as [Double], [0.5, 0.95, 1] as [Double])
  func `draws are those of the definition`(spread: Double, topP: Double) throws {
    var random = SplitMix64(seed: 8)
    let options = SamplingOptions(temperature: 0.9, topP: topP, seed: 3)
    var sampler = TokenSampler(options)
    var expected = SplitMix64(seed: options.seed)
    for _ in 0..<60 {
      // Some logits are equal.
      let logits = (0..<700).map { _ in Float((random.normal() * spread * 8).rounded() / 8) }
      #expect(try sampler.next(logits) == Self.reference(logits, options, &expected))
    }
  }

  @Test func `the same seed draws the same tokens`() throws {
    let logits = (0..<50).map { Float($0 % 7) }
    var first = TokenSampler(SamplingOptions(seed: 9))
    var second = TokenSampler(SamplingOptions(seed: 9))
    var other = TokenSampler(SamplingOptions(seed: 10))
    let tokens = try (0..<20).map { _ in try first.next(logits) }
    #expect(try tokens == (0..<20).map { _ in try second.next(logits) })
    #expect(try tokens != (0..<20).map { _ in try other.next(logits) })
  }

  @Test func `logits that are not numbers are an error`() {
    var sampler = TokenSampler(SamplingOptions())
    #expect(throws: GenerationError.noNumber) { try sampler.next([.nan, .nan]) }
  }
}
