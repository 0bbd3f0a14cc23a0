/// How much of a text a model gets: what the member `truncation` of a tokenizer.json says.
public struct Truncation: Hashable, Sendable {
  /// Which end is cut.
  public enum Direction: String, CaseIterable, Hashable, Sendable {
    case left = "Left"
    case right = "Right"
  }

  /// Which text of a pair is cut.
  public enum Strategy: String, CaseIterable, Hashable, Sendable {
    /// The longer one, and then both alike.
    case longestFirst = "LongestFirst"
    case onlyFirst = "OnlyFirst"
    case onlySecond = "OnlySecond"
  }

  /// The most tokens, those that are added included.
  public var maximumLength: Int
  /// How many tokens two neighboring pieces share.
  public var stride: Int
  /// Which text of a pair is cut.
  public var strategy: Strategy
  /// Which end is cut.
  public var direction: Direction

  /// The defaults are those of tokenizers.
  public init(
    maximumLength: Int, stride: Int = 0, strategy: Strategy = .longestFirst,
    direction: Direction = .right
  ) {
    self.maximumLength = maximumLength
    self.stride = stride
    self.strategy = strategy
    self.direction = direction
  }

  /// The most tokens in all pieces together, which overlap and are combined in pairs.
  static let overflowLimit = 1 << 26

  /// Cuts a text, or a pair of texts, to the length that leaves room for the tokens to be added.
  func apply(to encodings: inout [Encoding], addedCount: Int) throws(TokenizerError) {
    guard maximumLength >= addedCount else {
      throw .truncationTooShort(length: maximumLength, added: addedCount)
    }
    let limit = maximumLength - addedCount
    let total = encodings.reduce(0) { $0 + $1.count }
    if limit == 0 {
      for index in encodings.indices { try cut(&encodings[index], to: 0) }
      return
    }
    guard total > limit else { return }
    switch strategy {
    case .longestFirst:
      let lengths = Self.lengths(of: encodings.map(\.count), limit: limit)
      for index in encodings.indices { try cut(&encodings[index], to: lengths[index]) }
    case .onlyFirst, .onlySecond:
      let index = strategy == .onlyFirst ? 0 : 1
      guard index < encodings.count else { throw .noSecondText }
      let length = encodings[index].count - (total - limit)
      guard length > 0 else {
        throw .textTooShortToTruncate(length: encodings[index].count, excess: total - limit)
      }
      try cut(&encodings[index], to: length)
    }
  }

  /// To which lengths a text, or a pair of texts, is cut.
  private static func lengths(of counts: [Int], limit: Int) -> [Int] {
    guard counts.count == 2 else { return [limit] }
    let isSwapped = counts[0] > counts[1]
    var shorter = min(counts[0], counts[1])
    var longer = shorter > limit ? shorter : max(shorter, limit - shorter)
    if shorter + longer > limit {
      shorter = limit / 2
      longer = shorter + limit % 2
    }
    return isSwapped ? [longer, shorter] : [shorter, longer]
  }

  private func cut(_ encoding: inout Encoding, to length: Int) throws(TokenizerError) {
    let count = encoding.count
    if length >= count { return }
    if length == 0 {
      var rest = Encoding()
      swap(&rest, &encoding)
      encoding.overflowing = [rest]
      return
    }
    guard stride < length else { throw .strideTooLong(stride, length: length) }
    let pieceCount = 1 + (count - length + length - stride - 1) / (length - stride)
    guard pieceCount <= Self.overflowLimit / length else {
      throw .tooMany(of: "tokens in all that truncation cuts off", limit: Self.overflowLimit)
    }
    var pieces: [Range<Int>] = []
    var position = 0
    while true {
      let end = min(position + length, count)
      pieces.append(position..<end)
      if end == count { break }
      position += length - stride
    }
    if direction == .left {
      pieces = pieces.map { count - $0.upperBound..<count - $0.lowerBound }
    }
    let whole = encoding
    encoding = whole.part(pieces[0])
    encoding.overflowing = pieces.dropFirst().map(whole.part)
  }
}
