import TesseraBasics
import TesseraTokenizers
import TesseraVocabulary

/// Text in windows that hold new tokens, in the encodings of base and extension.
///
/// Pieces of documents are read in random order. A window is kept if one of its new tokens does not yet
/// stand in as many windows' text as wanted, and until there are as many tokens as wanted; so neither a few
/// frequent tokens nor a few long documents take all the room, and text of any size takes no more memory
/// than the budget.
struct AlignedText: Sendable {
  /// The windows, in random order.
  private(set) var windows: [AlignedWindow] = []
  /// How often each new token stands in them.
  private(set) var counts: [Int]
  /// The windows in groups for one step each.
  private(set) var batches: [Range<Int>] = []
  /// The number of tokens of the base in all windows.
  private(set) var baseTokenCount = 0
  /// How many new tokens stand in them.
  var seenTokenCount: Int { counts.count { $0 > 0 } }

  /// The tokens that stand before each window.
  private let endOfText: TokenID?
  private let tokens: NewTokens
  private let windowLength: Int
  private let options: RowLearningOptions

  /// About how many bytes of text are encoded at once.
  private static let roundSize = 4 << 20
  /// About how many bytes of a document are read together, some ten windows.
  private static let pieceSize = 8 << 10

  /// Cuts documents into windows.
  ///
  /// - Parameters:
  ///   - documents: Text in the new language.
  ///   - base: The tokenizer of the base.
  ///   - extended: The tokenizer with the new tokens.
  ///   - tokens: The new tokens.
  ///   - contextLength: The longest sequence that the model reads.
  ///   - options: How much text is wanted.
  ///   - progress: Gets the tokens found so far.
  /// - Throws: ``TrainingRunError/notAligned(document:)``, `TokenizerError`, `VocabularyError/interrupted`.
  init(
    _ documents: [[UInt8]], base: Tokenizer, extended: Tokenizer, tokens: NewTokens,
    contextLength: Int, options: RowLearningOptions, progress: ProgressHandler? = nil
  ) throws {
    counts = [Int](repeating: 0, count: tokens.count)
    endOfText = base.endOfText
    self.tokens = tokens
    self.options = options
    windowLength = max(2, min(options.windowLength, contextLength))
    var random = SplitMix64(seed: options.seed, stream: 2)
    var pieces = documents.indices.flatMap { document in
      Self.pieces(of: documents[document]).map { (document: document, range: $0) }
    }
    EpochOrder.shuffle(&pieces, using: &random)
    var start = 0
    while start < pieces.count, baseTokenCount < options.tokenLimit {
      if Interruption.isRequested { throw VocabularyError.interrupted }
      var (end, size) = (start, 0)
      while end < pieces.count, size < Self.roundSize {
        size += pieces[end].range.count
        end += 1
      }
      let round = pieces[start..<end].map { Array(documents[$0.document][$0.range]) }
      let before = try base.encodeDocuments(round)
      let after = try extended.encodeDocuments(round)
      for (index, pair) in zip(before, after).enumerated() {
        guard let ends = runEnds(pair.0, pair.1, size: { extended.tokens.size(of: $0) }) else {
          throw TrainingRunError.notAligned(document: pieces[start + index].document)
        }
        append(pair.0, pair.1, ends)
      }
      start = end
      progress?(
        ProgressUpdate(
          phase: "reading text", completed: min(baseTokenCount, options.tokenLimit),
          total: options.tokenLimit, unit: "tokens"))
    }
    EpochOrder.shuffle(&windows, using: &random)
    batches = Self.batches(of: windows, positionCount: options.batchTokenCount)
  }

  /// Ranges of a document that end behind a line feed, before a space where lines are long, or before any
  /// character.
  static func pieces(of document: [UInt8]) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var start = 0
    while start < document.count {
      var end = min(document.count, start + pieceSize)
      if end < document.count {
        let second = document[(start + pieceSize / 2)..<end]
        end =
          second.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
          ?? second.lastIndex(of: UInt8(ascii: " "))
          // No character is cut: what follows its first byte has the form 10xxxxxx.
          ?? second.lastIndex { $0 & 0xC0 != 0x80 } ?? end
      }
      pieces.append(start..<end)
      start = end
    }
    return pieces
  }

  /// Ranges of windows with at most so many positions of the base, fillings included.
  private static func batches(of windows: [AlignedWindow], positionCount: Int) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var (start, longest) = (0, 0)
    for (index, window) in windows.enumerated() {
      longest = max(longest, window.base.count)
      if index > start, (index + 1 - start) * longest > positionCount {
        batches.append(start..<index)
        (start, longest) = (index, window.base.count)
      }
    }
    if start < windows.count { batches.append(start..<windows.count) }
    return batches
  }

  /// Adds a piece's windows.
  private mutating func append(_ before: [TokenID], _ after: [TokenID], _ ends: [Int]) {
    var window = AlignedWindow(first: endOfText)
    var start = 0
    for (token, end) in zip(after, ends) {
      let run = before[start..<end]
      start = end
      if window.base.count + run.count > windowLength {
        keep(window)
        window = AlignedWindow(first: endOfText)
        // A token whose run alone is too long for a window is left out.
        if window.base.count + run.count > windowLength { continue }
      }
      window.append(token, run: run)
    }
    keep(window)
  }

  /// Keeps a window if it is wanted.
  private mutating func keep(_ window: AlignedWindow) {
    let new = window.extended.compactMap { token in
      self.index(of: token)
    }
    guard baseTokenCount < options.tokenLimit,
      new.contains(where: { counts[$0] < options.contextCount })
    else { return }
    for index in new { counts[index] += 1 }
    baseTokenCount += window.base.count
    windows.append(window)
  }

  /// The index of a new token; nil for a token of the base.
  func index(of token: Int32) -> Int? {
    tokens.index(of: TokenID(bitPattern: token))
  }

  /// Some windows as a batch.
  func batch(_ range: Range<Int>) -> AlignedBatch {
    AlignedBatch(windows[range], padding: Int32(bitPattern: endOfText ?? 0))
  }
}
