import TesseraBasics
public import TesseraTokenizers

/// How masked words are scored.
public struct MaskedScoringOptions: Hashable, Sendable {
  /// The share of words that are masked.
  public var share = 0.15
  /// Where the choice of words comes from.
  public var seed: UInt64 = 0
  /// The number of tokens in a pass, padding included. It moves the last bits of the sums only.
  public var batchTokenCount = 2_048

  /// The recommended options.
  public init() {}
}

/// Documents of which words are masked, always the same ones, for encoders to predict.
///
/// Bits per byte need a probability of the whole text, which an encoder does not give. What is measured
/// instead is the summed loss of the tokens of masked words in bits, over the bytes of these words. Words are
/// chosen by the text alone, by the seed, the number of the document and that of the word in it, so that
/// models with different tokenizers predict the same bytes from the same rest. A word is a run of bytes
/// without white space of ASCII; of a run of more than 16 characters, as in text that writes no spaces, each 8
/// are a word. Every document with a word has one that is masked. A token that has a byte of a masked word is
/// replaced by the mask, and so its bytes of other words, which are few, are hidden and predicted too.
///
/// Tokens of one word are predicted independently of each other, so a word of many tokens costs more than one
/// that is a token: part of what a better vocabulary gains.
///
/// A document that is longer than the model's sequences is read in parts, one after the other.
public struct MaskedDocuments: Sendable {
  /// A part of a document.
  struct Window: Hashable, Sendable {
    let document: Int
    let inputs: [Int32]
    /// What stood at each place that is masked, and else no target.
    let targets: [Int32]
  }

  /// All windows, in the order of documents.
  let windows: [Window]
  /// For each document, the bytes of its masked words.
  let sizes: [Int]
  let padding: Int32
  let batchTokenCount: Int

  /// Masks documents.
  ///
  /// - Parameters:
  ///   - documents: The documents, in UTF-8.
  ///   - tokenizer: The model's tokenizer.
  ///   - tokens: Those of an encoder's sequences.
  ///   - length: The tokens of a sequence.
  ///   - options: Which words.
  /// - Throws: What encoding throws; ``MaskingError/sequenceTooShort(length:needed:)``.
  public init(
    _ documents: [[UInt8]], tokenizer: Tokenizer, tokens: EncoderTokens, length: Int,
    options: MaskedScoringOptions = .init()
  ) throws {
    let room = length - MaskedTraining.surroundingCount
    guard room > 0 else {
      throw MaskingError.sequenceTooShort(
        length: length, needed: MaskedTraining.surroundingCount + 1)
    }
    var windows: [Window] = []
    var sizes: [Int] = []
    for start in stride(from: 0, to: documents.count, by: Self.documentsAtOnce) {
      let numbers = start..<min(start + Self.documentsAtOnce, documents.count)
      for (number, text) in zip(numbers, try tokenizer.tokenizedTexts(Array(documents[numbers]))) {
        let words = Self.maskedWords(of: documents[number], number: number, options)
        sizes.append(words.reduce(0) { $0 + $1.count })
        let isMasked = Self.isTouched(text.offsets, by: words)
        for first in stride(from: 0, to: text.ids.count, by: room) {
          let part = first..<min(first + room, text.ids.count)
          guard isMasked[part].contains(true) else { continue }
          let ids = text.ids[part].map { Int32(bitPattern: $0) }
          let shown = zip(ids, isMasked[part]).map { $1 ? tokens.mask : $0 }
          let hidden: [Int32] = zip(ids, isMasked[part]).map { $1 ? $0 : -1 }
          windows.append(
            Window(
              document: number, inputs: [tokens.start] + shown + [tokens.separator],
              targets: [-1] + hidden + [-1]))
        }
      }
    }
    self.windows = windows
    self.sizes = sizes
    padding = tokens.padding
    batchTokenCount = options.batchTokenCount
  }

  /// How many documents are encoded at once.
  private static let documentsAtOnce = 1_024

  /// The number of documents.
  public var count: Int { sizes.count }

  /// The places of the windows in the order of passes: long ones first, so that those of one pass are about
  /// equally long.
  var passOrder: [Int] {
    windows.indices.sorted {
      (windows[$1].inputs.count, $0) < (windows[$0].inputs.count, $1)
    }
  }

  /// The number of windows of each pass, and the tokens of the longest.
  var passShapes: [(count: Int, length: Int)] {
    let order = passOrder
    var shapes: [(count: Int, length: Int)] = []
    var start = 0
    while start < order.count {
      let length = windows[order[start]].inputs.count
      let count = min(max(1, batchTokenCount / length), order.count - start)
      shapes.append((count, length))
      start += count
    }
    return shapes
  }

  /// Runs of more characters are cut.
  private static let longestWord = 16
  /// The characters of a part of a run that is cut.
  private static let partLength = 8

  /// The words of a document, as ranges of its bytes.
  static func words(of text: [UInt8]) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var start = 0
    while start < text.count {
      if isSpace(text[start]) {
        start += 1
        continue
      }
      var end = start
      // Where characters begin: at all bytes but those that continue one.
      var characters: [Int] = []
      while end < text.count, !isSpace(text[end]) {
        if text[end] & 0xC0 != 0x80 || end == start { characters.append(end) }
        end += 1
      }
      if characters.count > longestWord {
        for first in stride(from: 0, to: characters.count, by: partLength) {
          let next = first + partLength
          words.append(characters[first]..<(next < characters.count ? characters[next] : end))
        }
      } else {
        words.append(start..<end)
      }
      start = end
    }
    return words
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  /// The words of a document that are masked.
  static func maskedWords(
    of text: [UInt8], number: Int, _ options: MaskedScoringOptions
  ) -> [Range<Int>] {
    let words = words(of: text)
    let seed = SplitMix64(seed: options.seed, stream: UInt64(number)).state
    let draws = words.indices.map { index in
      var random = SplitMix64(seed: seed, stream: UInt64(index))
      return random.uniform()
    }
    let chosen = words.indices.filter { draws[$0] < options.share }
    if chosen.isEmpty, let first = draws.indices.min(by: { draws[$0] < draws[$1] }) {
      return [words[first]]
    }
    return chosen.map { words[$0] }
  }

  /// For each token, whether it has a byte of one of some ranges that rise.
  static func isTouched(_ offsets: [Range<Int>], by ranges: [Range<Int>]) -> [Bool] {
    var next = 0
    return offsets.map { bytes in
      // Tokens of one character have the same bytes, and never fewer than those before them.
      while next < ranges.count, ranges[next].upperBound <= bytes.lowerBound { next += 1 }
      return next < ranges.count && ranges[next].lowerBound < bytes.upperBound
    }
  }
}
