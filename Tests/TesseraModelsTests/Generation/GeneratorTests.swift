import TesseraModels
import Testing

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

  @Test func `texts are as long as told, and end at the context and at stop tokens`() {
    let configuration = TransformerTests.configurations[0]
    let model = TransformerTests.model(configuration)
    let options = SamplingOptions(temperature: 0)
    let text = model.generate(after: [1, 2], count: 6, options: options)
    #expect(text.count == 6)
    #expect(model.generate(after: [1, 2], count: 6, options: options) == text)
    #expect(model.generate(after: [1, 2], count: 0).isEmpty)
    let long = model.generate(after: [1, 2], count: 100, options: options)
    #expect(long.count == configuration.contextLength - 1)
    let stopped = model.generate(after: [1, 2], count: 6, options: options, stops: [text[2]])
    #expect(stopped == Array(text.prefix { $0 != text[2] }))
    var seen: [Int32] = []
    _ = model.generate(after: [1, 2], count: 6, options: options) {
      seen.append($0)
      return seen.count < 2
    }
    #expect(seen == Array(text.prefix(2)))
  }
}

@Suite struct TokenSamplerTests {
  @Test func `temperature zero takes the largest logit, and the first of equals`() {
    var sampler = TokenSampler(SamplingOptions(temperature: 0))
    #expect(sampler.next([0, 3, 1, 3, .nan]) == 1)
  }

  @Test func `draws follow the probabilities`() {
    var sampler = TokenSampler(SamplingOptions(temperature: 1, topP: 1, seed: 4))
    // Probabilities 1/2, 1/4, 1/4 in the order 1, 0, 2.
    let logits: [Float] = [0, 0.6931472, 0]
    var counts = [0, 0, 0]
    for _ in 0..<4_000 { counts[Int(sampler.next(logits))] += 1 }
    #expect(abs(counts[1] - 2_000) < 150)
    #expect(abs(counts[0] - 1_000) < 150)
  }

  @Test func `top-p leaves out the tail`() {
    var sampler = TokenSampler(SamplingOptions(temperature: 1, topP: 0.5, seed: 4))
    let logits: [Float] = [1, 5, 1, 4.9]
    for _ in 0..<200 { #expect(sampler.next(logits) == 1) }
    var wider = TokenSampler(SamplingOptions(temperature: 1, topP: 0.6, seed: 4))
    #expect(Set((0..<200).map { _ in wider.next(logits) }) == [1, 3])
  }

  @Test func `the same seed draws the same tokens`() {
    let logits = (0..<50).map { Float($0 % 7) }
    var first = TokenSampler(SamplingOptions(seed: 9))
    var second = TokenSampler(SamplingOptions(seed: 9))
    var other = TokenSampler(SamplingOptions(seed: 10))
    let tokens = (0..<20).map { _ in first.next(logits) }
    #expect(tokens == (0..<20).map { _ in second.next(logits) })
    #expect(tokens != (0..<20).map { _ in other.next(logits) })
  }
}
