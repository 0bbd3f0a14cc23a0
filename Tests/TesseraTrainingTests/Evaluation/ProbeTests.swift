import TesseraBasics
import TesseraModels
import TesseraTokenizers
import TesseraTraining
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Probes of models whose answers are known: one to which all is alike, and one that can only copy.
@Suite(.serialized) struct ProbeTests {
  /// Texts of random letters in words of five, in which nothing helps but what was seen.
  private static func letters(_ count: Int, size: Int, seed: UInt64 = 1) -> [[UInt8]] {
    (0..<count).map { index in
      var random = SplitMix64(seed: seed, stream: UInt64(index))
      return (0..<size).map { position in
        position % 6 == 5 ? 0x20 : 0x61 + UInt8(random.below(26))
      }
    }
  }

  private func probed(_ model: Transformer) throws -> ProbedModel {
    try ProbedModel(
      model, tokenizer: byteTokenizer(), name: "model", workspace: TransformerWorkspace())
  }

  private func results(
    _ probes: [Probe], _ documents: [[UInt8]], _ model: Transformer, items: Int = 30
  ) throws -> [ProbeResult] {
    var options = ProbeOptions()
    options.itemLimit = items
    options.sampleCount = 3
    options.sampleTokenCount = 20
    let suite = try ProbeSuite(
      probes, documents: documents, tokenizer: byteTokenizer(), options: options)
    return try suite.results(for: probed(model))
  }

  @Test func `a model to which all is alike is right as often as guessing is`() throws {
    let documents = Self.letters(24, size: 300)
    let found = try results(
      [.induction, .continuation, .corruption], documents + Self.letters(9, size: 100, seed: 2),
      uniformModel(vocabularySize: 257))
    let gain = try #require(found[0]["gain_nats_per_token"])
    #expect(abs(gain.value) < 1e-9 && gain.chance == 0)
    #expect(abs(try #require(found[0]["first_loss_nats_per_token"]).value - log(257)) < 1e-5)
    let text = try #require(found[0]["text_second_bits_per_byte"])
    #expect(text.value < log(257) / M_LN2 && text.value > 0.98 * log(257) / M_LN2)
    // All candidates with as many bytes cost the same, and share the point.
    let continuation = try #require(found[1]["accuracy"])
    #expect(continuation.chance == 0.25 && continuation.values.count == 30)
    #expect(
      found[2].measures.map(\.name) == [
        "word_swap_accuracy", "word_shuffle_accuracy", "character_swap_accuracy",
      ])
    for measure in found[2].measures { #expect(measure.value == 0.5 && measure.chance == 0.5) }
  }

  @Test func `a model that copies finds what it has seen`() throws {
    let documents = Self.letters(20, size: 300)
    let found = try results([.induction], documents, copyingModel(vocabularySize: 257))
    let gain = try #require(found[0]["gain_nats_per_token"])
    // A letter that comes twice has two followers; of random ones most come several times.
    #expect(gain.value > 1, "\(gain.value)")
    #expect(try #require(gain.interval).lowerBound > 1)
    let text = try #require(found[0]["text_gain_bits_per_byte"])
    #expect(text.value > 0.5, "\(text.value)")
  }

  @Test func `a model that copies takes a sentence for its own translation`() throws {
    let model = try probed(copyingModel(vocabularySize: 257))
    let sentences = Self.letters(30, size: 40)
    var options = ProbeOptions()
    options.itemLimit = 20
    let result = try ProbeSuite(
      pairs: sentences.map { (source: $0, target: $0) }, options: options
    ).results(for: model)[0]
    #expect(
      result.measures.map(\.name) == [
        "to_translation_accuracy", "to_translation_information_accuracy", "to_source_accuracy",
        "to_source_information_accuracy",
      ])
    for measure in result.measures {
      #expect(measure.value > 0.9 && measure.chance == 0.25, "\(measure.name) \(measure.value)")
      #expect(measure.values.count == 20)
    }
    let alike = try ProbeSuite(
      pairs: sentences.map { (source: $0, target: $0) }, options: options
    ).results(for: probed(uniformModel(vocabularySize: 257)))[0]
    for measure in alike.measures { #expect(measure.value == 0.25) }
  }

  @Test func `the last word costs what its bytes do, and is guessed as often as there are words`()
    throws
  {
    let words = "one two three four five six seven eight nine ten eleven two"
    let found = try results(
      [.lastWord], [Array("\(words).\n\n\(words) again".utf8)], uniformModel(vocabularySize: 257))
    let loss = try #require(found[0]["loss_nats_per_word"])
    #expect(loss.values.count == 1 && abs(loss.value - 4 * log(257)) < 1e-4)
    let accuracy = try #require(found[0]["accuracy"])
    let chance = try #require(accuracy.chance)
    #expect(accuracy.value == 0 && abs(chance - 1.0 / 11) < 1e-12)
  }

  @Test func `a model that copies finds a last word by what stood before it`() throws {
    // No two letters have the same neighbor but around the word that is asked for.
    let text = "ab cd ef gh ij kl mn op qr st uv wx yz 01 23 45 67 89"
    let twice = Array((text + " " + text.prefix(20)).utf8)
    let spaced = twice.filter { $0 != 0x20 }
    // Words need something between them: each pair of letters has its own.
    let marks = Array("!#$%&()*+,-./:;<=>?@".utf8)
    var document: [UInt8] = []
    for (index, pair) in stride(from: 0, to: spaced.count - 1, by: 2).enumerated() {
      document += [spaced[pair], spaced[pair + 1], marks[index % 18]]
    }
    document.removeLast()
    let found = try results([.lastWord], [document], copyingModel(vocabularySize: 257))
    let accuracy = try #require(found[0]["accuracy"])
    #expect(accuracy.values == [1], "\(String(decoding: document, as: UTF8.self))")
    #expect(try #require(found[0]["loss_nats_per_word"]).value < 0.1)
  }

  @Test func `samples of a model to which all is alike are no text, and rarely end`() throws {
    let found = try results(
      [.generation], latinDocuments, uniformModel(vocabularySize: 257))
    let valid = try #require(found[0]["valid_utf8"])
    #expect(valid.value < 1 && valid.ofCorpus == 1)
    #expect(try #require(found[0]["repeated_4_grams"]).value == 0)
    #expect(try #require(found[0]["other_script_letters"]).ofCorpus == 0)
    #expect(found[0]["ended"]?.values.count == 3)
  }

  @Test func `the same seed gives the same, for any number of threads`() throws {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    let model = tinyModel(seed: 4, vocabularySize: 257)
    var found: [[ProbeResult]] = []
    for threads in [1, 2, 5] {
      Workers.setThreadCount(threads)
      found.append(
        try results(
          Probe.allCases, latinDocuments.map { $0 + Array(". ".utf8) + $0 }, model, items: 12))
    }
    #expect(found[0].count == 5 && found[0].allSatisfy { !$0.measures.isEmpty })
    #expect(found[0] == found[1] && found[0] == found[2])
  }

  @Test func `an encoder, and a tokenizer without an end of text, are refused`() throws {
    let tokenizer = try latinTokenizer(specialTokens: [])
    #expect(throws: TrainingRunError.noEndOfText(tokenizer: "latin")) {
      try ProbedModel(
        uniformModel(vocabularySize: 300), tokenizer: tokenizer, name: "latin",
        workspace: TransformerWorkspace())
    }
    #expect(throws: TrainingRunError.vocabularyTooSmall(modelRows: 100, tokenizerSize: 257)) {
      try probed(uniformModel(vocabularySize: 100))
    }
    var configuration = tinyModel(vocabularySize: 257).configuration
    configuration.maskedHead = MaskedHead(activation: .gelu)
    #expect(throws: ProbeError.needsDecoder(model: "model")) {
      try probed(Transformer(configuration: configuration, seed: 1))
    }
  }

  @Test func `text without what a probe needs gives no measures`() throws {
    let found = try results(
      [.continuation, .corruption, .lastWord], [Array("hm".utf8)],
      uniformModel(vocabularySize: 257))
    #expect(found.allSatisfy { $0.measures.isEmpty })
  }
}
