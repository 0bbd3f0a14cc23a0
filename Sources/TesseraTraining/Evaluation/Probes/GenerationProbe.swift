import TesseraBasics
import TesseraModels
import TesseraTokenizers

/// Whether what the model writes is sound: text at all, in the script of the corpus, without turning in
/// circles, and with an end.
///
/// Models that have learned a second language may mix it with the first, and models over bytes may write
/// bytes that are no text; losses show neither. Beside each measure stands what the corpus's own text has
/// that was cut at as many tokens.
///
/// The repetition is rep-4 of Welleck et al., "Neural Text Generation with Unlikelihood Training", 2019,
/// arXiv:1908.04319: one less the share of different ones among all runs of four tokens.
enum GenerationProbe {
  /// The bytes of the beginning of a document that the model continues, at most; white space is looked for
  /// in the last of them.
  private static let (promptSize, slack) = (48, 24)

  struct Items: Sendable {
    /// Beginnings of documents.
    var prompts: [[UInt8]]
    /// What follows them in the corpus.
    var rests: [[UInt8]]
    /// The script of most letters of the corpus.
    var script: TokenScript?
    var options: ProbeOptions
  }

  /// A text that was written.
  struct Sample: Sendable {
    var tokens: [Int32]
    var bytes: [UInt8]
    /// Whether the model ended it.
    var isEnded: Bool
  }

  static func items(_ documents: [[UInt8]], _ options: ProbeOptions) -> Items {
    let chosen = ProbeText.sample(
      documents.count, limit: options.sampleCount, seed: options.seed
    ).map { documents[$0] }
    var letters: [UInt8] = []
    for document in documents where letters.count < 1 << 20 { letters += document.prefix(1 << 16) }
    let ends = chosen.map {
      // Of a short document, half is left to compare with.
      ProbeText.cut($0, near: min(promptSize, $0.count / 2), slack: slack)
    }
    return Items(
      prompts: zip(chosen, ends).map { Array($0[..<$1]) },
      rests: zip(chosen, ends).map { Array($0[$1...].prefix(1 << 16)) },
      script: TokenScript(of: letters), options: options)
  }

  static func result(
    _ items: Items, _ model: ProbedModel, _ progress: (Double) -> Void
  ) throws -> ProbeResult {
    guard !items.prompts.isEmpty else { return ProbeResult(probe: .generation, measures: []) }
    let (transformer, tokenizer, endOfText) = (model.model, model.tokenizer, model.endOfText)
    let prompts = try model.encode(items.prompts)
    let options = items.options
    let samples = try parallelMap(prompts.count) { (index) throws(GenerationError) -> Sample in
      try sample(after: prompts[index], index, transformer, tokenizer, endOfText, options)
    }
    progress(1)
    let limit = Self.tokenLimit(transformer, options)
    let texts = try model.encode(items.rests).map { Array($0.prefix(limit)) }
    let texted = texts.map { tokens in
      Sample(
        tokens: tokens,
        bytes: tokens.flatMap { tokenizer.bytes(of: UInt32(bitPattern: $0)) ?? [] },
        isEnded: tokens.count < limit)
    }
    func measure(_ name: String, _ kind: ProbeMeasure.Kind, _ value: (Sample) -> Double)
      -> ProbeMeasure
    {
      ProbeMeasure(
        name, kind, samples.map(value),
        ofCorpus: texted.reduce(0) { $0 + value($1) } / Double(texted.count))
    }
    var measures = [
      measure("valid_utf8", .share) { isText($0) ? 1 : 0 },
      measure("repeated_4_grams", .mean) { repetition(in: $0.tokens, length: 4) },
    ]
    if let script = items.script {
      measures.append(
        measure("other_script_letters", .mean) { otherScriptShare(of: $0.bytes, script) })
    }
    measures.append(measure("ended", .share) { $0.isEnded ? 1 : 0 })
    return ProbeResult(probe: .generation, measures: measures)
  }

  /// The most tokens of a sample.
  private static func tokenLimit(_ model: Transformer, _ options: ProbeOptions) -> Int {
    min(options.sampleTokenCount, max(1, model.configuration.contextLength / 2))
  }

  private static func sample(
    after prompt: [Int32], _ index: Int, _ model: Transformer, _ tokenizer: Tokenizer,
    _ endOfText: Int32, _ options: ProbeOptions
  ) throws(GenerationError) -> Sample {
    let limit = tokenLimit(model, options)
    var random = SplitMix64(seed: options.seed, stream: UInt64(index))
    let room = max(0, model.configuration.contextLength - limit - 1)
    let tokens = try model.generate(
      after: [endOfText] + prompt.suffix(room), count: limit,
      options: SamplingOptions(
        temperature: options.temperature, topP: options.topP, seed: random.next()),
      stops: [endOfText])
    return Sample(
      tokens: tokens, bytes: tokens.flatMap { tokenizer.bytes(of: UInt32(bitPattern: $0)) ?? [] },
      isEnded: tokens.count < limit)
  }

  /// Whether a sample is UTF-8, but for a character at its end that was cut off by the limit.
  static func isText(_ sample: Sample) -> Bool {
    var end = sample.bytes.count
    if !sample.isEnded {
      for start in stride(from: end - 1, through: max(0, end - 3), by: -1)
      where sample.bytes[start] & 0xC0 != 0x80 {
        // The lead byte says how many there should be.
        let lead = sample.bytes[start]
        let size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
        if end - start < size { end = start }
        break
      }
    }
    return String(validating: sample.bytes[..<end], as: UTF8.self) != nil
  }

  /// The share of runs of tokens that have been there before.
  static func repetition(in tokens: [Int32], length: Int) -> Double {
    guard tokens.count >= length else { return 0 }
    let runs = (0...tokens.count - length).map { Array(tokens[$0..<$0 + length]) }
    return 1 - Double(Set(runs).count) / Double(runs.count)
  }

  /// The share of letters that have another script; 0 where there are none.
  static func otherScriptShare(of bytes: [UInt8], _ script: TokenScript) -> Double {
    var (letters, others) = (0, 0)
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      guard let found = TokenScript(of: Array(scalar.utf8)) else { continue }
      letters += 1
      if found != script { others += 1 }
    }
    return letters == 0 ? 0 : Double(others) / Double(letters)
  }
}
