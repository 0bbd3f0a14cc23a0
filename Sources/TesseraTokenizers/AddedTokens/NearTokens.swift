/// Where a text has an added token: at, across or just before a place that is asked about, from the
/// end of the text towards its beginning.
///
/// Tokens are looked for in stretches, each longer than a token, so that all places together take
/// linear time however long the tokens are.
struct NearTokens {
  private let matcher: AddedTokenMatcher
  /// The form in which tokens are looked for; places are those of the text as it is.
  private let normalization: Normalization
  /// No place below this is asked about.
  private let lowest: Int
  /// How many bytes on both sides of a place decide about it.
  private let margin: Int
  /// For each place of the last stretch whether a token is near.
  private var isNear: [Bool] = []
  /// The first place of the stretch.
  private var start = Int.max
  /// How many places the next stretch has.
  private var stretch: Int

  /// Stretches grow from the margin to this size, unless the margin is larger.
  private static let largestStretch = 1 << 16

  /// - Parameters:
  ///   - matcher: The tokens.
  ///   - normalization: The form of the text in which they are looked for.
  ///   - margin: How many bytes of the text a token has at most in that form.
  ///   - lowest: No place below this is asked about.
  init(
    _ matcher: AddedTokenMatcher, in normalization: Normalization = .none, margin: Int,
    downTo lowest: Int
  ) {
    self.matcher = matcher
    self.normalization = normalization
    self.margin = margin
    self.lowest = lowest
    stretch = max(margin, 64)
  }

  /// Whether a token spans a place, begins there or ends there, whatever its flags.
  ///
  /// - Precondition: No place before was smaller, and the text is the same one.
  /// - Complexity: O(*n* + *m*) time for all places of *n* bytes and a margin of *m*.
  mutating func contains(_ place: Int, in text: Span<UInt8>) -> Bool {
    if place < start { look(upTo: place, in: text) }
    return isNear[place - start]
  }

  /// Looks for tokens near the places of a stretch that ends with a given one.
  private mutating func look(upTo place: Int, in text: Span<UInt8>) {
    start = max(lowest, 0, place + 1 - stretch)
    stretch = max(stretch, min(2 * stretch, Self.largestStretch))
    isNear = [Bool](repeating: false, count: place + 1 - start)
    /// No place below this is left to be marked.
    var next = start
    // From left to right each place is marked once: it is near a token if it is not behind the end of
    // all that begin up to there.
    for range in tokens(around: start...place, in: text).reversed()
    where range.upperBound >= next && range.lowerBound <= place {
      for near in max(next, range.lowerBound)...min(place, range.upperBound) {
        isNear[near - start] = true
      }
      next = max(next, min(place, range.upperBound) + 1)
      if next > place { return }
    }
  }

  /// The longest token at each place near some places, the last one first, as ranges of the text.
  private func tokens(around places: ClosedRange<Int>, in text: Span<UInt8>) -> [Range<Int>] {
    var lower = max(0, places.lowerBound - margin)
    while lower > 0 && text[lower] & 0xC0 == 0x80 { lower -= 1 }
    let upper = min(text.count, places.upperBound + margin)
    var part = AlignedText(
      text.extracting(lower..<upper).copied(), offset: lower, tracksOrigins: normalization != .none)
    part.normalize(to: normalization)
    /// Where the text that a place of the part comes from begins, and so ends what is before it.
    func origin(_ place: Int) -> Int {
      place < part.bytes.count ? part.origin(of: place..<place).lowerBound : upper
    }
    var ranges: [Range<Int>] = []
    matcher.forEachLongestMatch(in: part.bytes.span) { match in
      ranges.append(origin(match.lowerBound)..<origin(match.upperBound))
    }
    return ranges
  }
}
