import TesseraBasics
import TesseraTokenizers

/// Whether a sentence is more likely than the same one, damaged, per byte.
enum CorruptionProbe {
  /// A way of damaging a sentence.
  enum Damage: String, CaseIterable {
    /// Two words beside each other change places.
    case wordSwap = "word_swap"
    /// All words change places.
    case wordShuffle = "word_shuffle"
    /// Two letters of a word, beside each other, change places.
    case characterSwap = "character_swap"
    /// Combining marks are left out, such as accents and vowel signs.
    case diacritics
  }

  /// The bytes of a sentence.
  private static let sizes = 24...256
  private static let smallestWordCount = 4

  /// Pairs of a sentence and the same one, damaged, by the kind of damage.
  static func items(
    _ documents: [[UInt8]], _ options: ProbeOptions
  ) throws -> [(damage: Damage, items: [ChoiceItem])] {
    var seen: Set<[UInt8]> = []
    let sentences = documents.flatMap(ProbeText.sentences).filter {
      sizes.contains($0.count) && ProbeText.words(of: $0).count >= smallestWordCount
        && seen.insert($0).inserted
    }
    // One kind may not apply to every sentence, so each looks through all, in one order.
    return try Damage.allCases.enumerated().map { number, damage in
      var order = Array(sentences.indices)
      var random = SplitMix64(seed: options.seed, stream: 0xC0)
      ProbeText.shuffle(&order, random: &random)
      var items: [ChoiceItem] = []
      for index in order where items.count < options.itemLimit {
        var random = SplitMix64(
          seed: options.seed, stream: UInt64(index) << 3 | UInt64(number))
        let sentence = sentences[index]
        guard let damaged = try damage.applied(to: sentence, random: &random),
          damaged != sentence
        else { continue }
        items.append(ChoiceItem(context: [], candidates: [sentence, damaged]))
      }
      return (damage, items)
    }
  }

  static func result(
    _ kinds: [(damage: Damage, items: [ChoiceItem])], _ model: ProbedModel,
    _ progress: (Double) -> Void
  ) throws -> ProbeResult {
    let all = try model.scores(of: kinds.flatMap(\.items), progress: progress)
    var start = 0
    var measures: [ProbeMeasure] = []
    for (damage, items) in kinds where !items.isEmpty {
      let scores = all[start..<start + items.count]
      start += items.count
      measures.append(
        ProbeMeasure("\(damage.rawValue)_accuracy", .share, scores.map(\.byBytes), chance: 0.5))
    }
    return ProbeResult(probe: .corruption, measures: measures)
  }
}

extension CorruptionProbe.Damage {
  /// A damaged text; nil where the damage does not apply.
  func applied(to sentence: [UInt8], random: inout SplitMix64) throws -> [UInt8]? {
    let words = ProbeText.words(of: sentence)
    switch self {
    case .wordSwap:
      let places = words.indices.dropLast().filter {
        sentence[words[$0]] != sentence[words[$0 + 1]]
      }
      guard !places.isEmpty else { return nil }
      let place = places[random.below(places.count)]
      var order = Array(words.indices)
      order.swapAt(place, place + 1)
      return Self.reordered(sentence, words, order)
    case .wordShuffle:
      var order = Array(words.indices)
      ProbeText.shuffle(&order, random: &random)
      return Self.reordered(sentence, words, order)
    case .characterSwap:
      let characters = words.map { Self.characters(of: sentence, in: $0) }
      // Marks go with their letters, or what comes out might be no text at all.
      let places = characters.indices.flatMap { word in
        characters[word].indices.dropLast().filter {
          sentence[characters[word][$0]] != sentence[characters[word][$0 + 1]]
        }.map { (word: word, character: $0) }
      }
      guard !places.isEmpty else { return nil }
      let place = places[random.below(places.count)]
      let (a, b) = (
        characters[place.word][place.character], characters[place.word][place.character + 1]
      )
      var damaged = Array(sentence[..<a.lowerBound])
      for range in [b, a, b.upperBound..<sentence.count] { damaged += sentence[range] }
      return damaged
    case .diacritics:
      let stripped = try Normalizer.sequence([.form(.nfd), .stripAccents, .form(.nfc)])
        .normalized(sentence)
      return try stripped == Normalizer.form(.nfc).normalized(sentence) ? nil : stripped
    }
  }

  /// The text with its words in another order, and what stands between them where it was.
  private static func reordered(
    _ sentence: [UInt8], _ words: [Range<Int>], _ order: [Int]
  ) -> [UInt8] {
    var result: [UInt8] = []
    var end = 0
    for (place, word) in zip(words, order) {
      result += sentence[end..<place.lowerBound]
      result += sentence[words[word]]
      end = place.upperBound
    }
    return result + sentence[end...]
  }

  /// The characters of a word as its reader sees them.
  private static func characters(of sentence: [UInt8], in word: Range<Int>) -> [Range<Int>] {
    var characters: [Range<Int>] = []
    var start = word.lowerBound
    for character in String(decoding: sentence[word], as: UTF8.self) {
      characters.append(start..<start + character.utf8.count)
      start = characters[characters.count - 1].upperBound
    }
    return characters
  }
}
