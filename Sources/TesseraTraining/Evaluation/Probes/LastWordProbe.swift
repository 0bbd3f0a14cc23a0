import TesseraBasics
import TesseraModels
import TesseraTokenizers

/// Whether the last word of a paragraph, which has been in it before, is found by taking the likeliest token
/// each time, and how likely it is.
///
/// What is to be found are bytes, whatever the tokens. Guessing one of the words so far would be right once
/// in as many cases as they are different.
///
/// After Paperno et al., "The LAMBADA dataset", 2016, arXiv:1606.06031, whose paragraphs people have chosen.
enum LastWordProbe {
  /// A paragraph without its last word.
  struct Item: Hashable, Sendable {
    /// What stands before, without white space at its end.
    var context: [UInt8]
    /// White space, if there is some, and the word.
    var ending: [UInt8]
    /// The word.
    var word: [UInt8]
    /// The number of different words of the context.
    var wordCount: Int
  }

  /// The bytes of a context at most, and its words at least.
  private static let (contextSize, smallestWordCount) = (1_024, 10)

  static func items(_ documents: [[UInt8]], _ options: ProbeOptions) -> [Item] {
    let items = documents.flatMap(ProbeText.paragraphs).compactMap(item)
    return ProbeText.sample(items.count, limit: options.itemLimit, seed: options.seed).map {
      items[$0]
    }
  }

  /// What a paragraph asks; nil where the last word has not been there before.
  static func item(of paragraph: [UInt8]) -> Item? {
    var start = max(0, paragraph.count - contextSize)
    while start > 0, start < paragraph.count, !ProbeText.isSpace(paragraph[start - 1]) {
      start += 1
    }
    let text = Array(paragraph[start...])
    let words = ProbeText.words(of: text)
    guard words.count > smallestWordCount, let last = words.last else { return nil }
    let earlier = Set(words.dropLast().map { Array(text[$0]) })
    let word = Array(text[last])
    guard earlier.contains(word) else { return nil }
    var end = last.lowerBound
    while end > 0, ProbeText.isSpace(text[end - 1]) { end -= 1 }
    return Item(
      context: Array(text[..<end]), ending: Array(text[end..<last.upperBound]), word: word,
      wordCount: earlier.count)
  }

  static func result(
    _ items: [Item], _ model: ProbedModel, _ progress: (Double) -> Void
  ) throws -> ProbeResult {
    guard !items.isEmpty else { return ProbeResult(probe: .lastWord, measures: []) }
    let scores = try model.scores(
      of: items.map { ChoiceItem(context: $0.context, candidates: [$0.ending]) }
    ) { progress($0 / 2) }
    let (transformer, tokenizer, endOfText) = (model.model, model.tokenizer, model.endOfText)
    let prompts = try model.encode(items.map(\.context))
    let found = try parallelMap(items.count) { (index) throws(GenerationError) -> Double in
      try isFound(items[index], prompts[index], transformer, tokenizer, endOfText) ? 1 : 0
    }
    progress(1)
    let chance = items.reduce(0) { $0 + 1 / Double($1.wordCount) } / Double(items.count)
    return ProbeResult(
      probe: .lastWord,
      measures: [
        ProbeMeasure("accuracy", .share, found, chance: chance),
        ProbeMeasure("loss_nats_per_word", .mean, scores.map { $0.nats[0] }),
      ])
  }

  /// Whether the first word that the model writes is the one that was there.
  private static func isFound(
    _ item: Item, _ prompt: [Int32], _ model: Transformer, _ tokenizer: Tokenizer,
    _ endOfText: Int32
  ) throws(GenerationError) -> Bool {
    let contextLength = model.configuration.contextLength
    // A token is a byte at least; white space comes before the word, and something else after it.
    let limit = min(item.ending.count + 4, max(1, contextLength / 2))
    let room = max(0, contextLength - limit - 1)
    var bytes: [UInt8] = []
    _ = try model.generate(
      after: [endOfText] + prompt.suffix(room), count: limit,
      options: SamplingOptions(temperature: 0), stops: [endOfText],
      onToken: { token in
        bytes += tokenizer.bytes(of: UInt32(bitPattern: token)) ?? []
        return !endsWord(bytes)
      })
    return firstWord(of: bytes) == item.word
  }

  /// The word that a text begins with, after white space; nil where something else comes first.
  static func firstWord(of bytes: [UInt8]) -> [UInt8]? {
    guard let start = bytes.firstIndex(where: { !ProbeText.isSpace($0) }),
      let word = ProbeText.words(of: bytes).first, word.lowerBound == start
    else { return nil }
    return Array(bytes[word])
  }

  /// Whether the first word of a text is over, or can no longer come, whatever follows.
  static func endsWord(_ bytes: [UInt8]) -> Bool {
    guard let start = bytes.firstIndex(where: { !ProbeText.isSpace($0) }) else { return false }
    let word = ProbeText.words(of: bytes).first.flatMap { $0.lowerBound == start ? $0 : nil }
    // Up to three bytes may be a character of which more is to come.
    let rest = bytes[(word?.upperBound ?? start)...]
    return rest.count > 3 || (!rest.isEmpty && String(validating: rest, as: UTF8.self) != nil)
  }
}
