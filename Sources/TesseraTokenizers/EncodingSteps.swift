/// What a text consists of once added tokens are found and the rest is normalized, in order.
struct EncodingSteps: Sendable {
  enum Step: Sendable {
    /// An added token.
    case token(TokenID)
    /// A part of the text as it is.
    case original(Range<Int>)
    /// A part of what normalization and other steps have made: see ``EncodingSteps/changed``.
    case changed(Range<Int>)

    /// How many bytes are encoded; an added token counts as one.
    var size: Int {
      switch self {
      case .token: 1
      case .original(let range), .changed(let range): range.count
      }
    }
  }

  private(set) var steps: [Step] = []
  /// The parts of the text that are not as they were, one after another.
  private(set) var changed: [UInt8] = []

  /// About how many bytes a worker takes at once.
  static let pieceSize = 1 << 18

  /// The steps of a text; without a fast encoder, each pre-token is one.
  init(
    _ text: Span<UInt8>, special: SpecialTokenPolicy, _ tokenizer: Tokenizer
  ) throws(TokenizerError) {
    try tokenizer.forEachPart(of: text, special: special) { token, part, offset in
      if let token {
        steps.append(.token(token))
      } else if tokenizer.isFast, let offset {
        steps.append(.original(offset..<offset + part.count))
      } else {
        let start = changed.count
        for index in part.indices { changed.append(part[index]) }
        steps.append(.changed(start..<changed.count))
      }
    }
  }

  /// All steps.
  var all: Range<Int> { 0..<steps.count }

  func size(of range: Range<Int>) -> Int { steps[range].reduce(0) { $0 + $1.size } }

  /// The steps of the beginning of the text, up to so many bytes.
  func prefix(_ size: Int) -> EncodingSteps {
    var prefix = self
    prefix.steps = []
    var left = size
    for step in steps where left > 0 {
      switch step {
      case .token: prefix.steps.append(step)
      case .original(let range): prefix.steps.append(.original(range.prefix(left)))
      case .changed(let range): prefix.steps.append(.changed(range.prefix(left)))
      }
      left -= step.size
    }
    return prefix
  }

  /// The same with long parts divided, so that workers can share them.
  ///
  /// - Parameter document: The text that they are parts of.
  func divided(_ document: [UInt8], _ tokenizer: Tokenizer) -> EncodingSteps {
    var divided = self
    divided.steps = steps.flatMap { step -> [Step] in
      switch step {
      case .token: [step]
      case .original(let range):
        Self.parts(of: document.span, range, tokenizer.pattern).map { .original($0) }
      case .changed(let range):
        Self.parts(of: changed.span, range, tokenizer.pattern).map { .changed($0) }
      }
    }
    return divided
  }

  /// What a worker takes at once, as ranges of steps.
  var pieces: [Range<Int>] { Self.groups(ofSizes: steps.lazy.map(\.size)) }

  /// Neighbors of half of ``pieceSize`` bytes or more together, and the rest. One that has as many alone is
  /// a group of its own.
  static func groups(ofSizes sizes: some Sequence<Int>) -> [Range<Int>] {
    let groupSize = pieceSize / 2
    var groups: [Range<Int>] = []
    var (start, end, size) = (0, 0, 0)
    func close() {
      if start < end { groups.append(start..<end) }
      (start, size) = (end, 0)
    }
    for next in sizes {
      if next >= groupSize { close() }
      end += 1
      size += next
      if size >= groupSize { close() }
    }
    close()
    return groups
  }

  /// Divides a part of a text at places where splitting it changes nothing.
  static func parts(
    of text: Span<UInt8>, _ range: Range<Int>, _ pattern: PreTokenizerPattern
  ) -> [Range<Int>] {
    let preTokenizer = PreTokenizer(pattern: pattern)
    let inside = text.extracting(range)
    var ranges: [Range<Int>] = []
    var start = 0
    while inside.count - start > pieceSize * 2 {
      // Where a part has no good place to end, look in the next one, and so on.
      var lower = start
      var limit = start + pieceSize
      var split: Int?
      while split == nil, limit < inside.count {
        split = preTokenizer.safeSplit(before: limit, after: lower, in: inside)
        lower = limit
        limit += pieceSize
      }
      guard let split else { break }
      ranges.append(range.lowerBound + start..<range.lowerBound + split)
      start = split
    }
    if start < inside.count { ranges.append(range.lowerBound + start..<range.upperBound) }
    return ranges
  }
}
