import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct TokenSelectionTests {
  private static let swahili = """
    mto unapita katikati ya mji na watu wa mji hutembea kando ya mto jioni mwanga unapokuwa hafifu na \
    maji yametulia na ndege wamerudi nyumbani kwenye miti kando ya mto the town watu wa mji
    """

  private static func base(_ folder: borrowing TemporaryDirectory) throws -> BaseModel {
    try BaseModel(directory: SmallModel().write(to: folder))
  }

  private static var languages: [SelectionLanguage] {
    [
      SelectionLanguage(
        name: "hi", counts: SmallModel.counts(SmallModel.target, times: 7), share: 0.75),
      SelectionLanguage(name: "sw", counts: SmallModel.counts(swahili, times: 3), share: 0.25),
    ]
  }

  @Test func `the curve is what tokenizers of every size give`() throws {
    let folder = try TemporaryDirectory()
    let base = try Self.base(folder)
    var options = TokenSelectionOptions(newTokenCount: 40)
    options.minimumFrequency = 1
    let whole = try TokenSelection(
      base: base.tokenizer, languages: Self.languages, options: options, ids: NewTokenIDs(from: 300)
    )
    #expect(whole.curve.size == 40 && whole.stop == .requested)
    for size in stride(from: 1, through: 40, by: 3) {
      options.newTokenCount = size
      let part = try TokenSelection(
        base: base.tokenizer, languages: Self.languages, options: options,
        ids: NewTokenIDs(from: 300))
      #expect(part.tokens.merges == Array(whole.tokens.merges.prefix(size)))
      for (found, expected) in zip(whole.curve.languages, part.languages) {
        #expect(found.tokenCounts[size] == expected.extendedTokenCount)
        #expect(found.tokenCounts[0] == expected.baseTokenCount)
        #expect(found.bytesPerToken(at: size) == expected.extendedBytesPerToken)
      }
    }
    #expect(whole.languages.map(\.newTokenCount) == [30, 10])
  }

  /// A curve of one language that loses given tokens, as one new token after the other is added.
  private static func curve(_ saved: [UInt64], tokens: UInt64, _ search: inout SizeSearch)
    -> CompressionCurve
  {
    let bytes = [UInt8](repeating: 97, count: 10)
    let language = SelectionLanguage(name: "", counts: PreTokenCounts([(bytes, tokens / 10)]))
    var curve = CompressionCurve([language], baseTokenCounts: [tokens])
    for (index, count) in saved.enumerated() {
      if search.isTooRare(count, after: curve) {
        search.end(curve)
        break
      }
      curve.append(saved: [count], size: index + 1, mergeCount: index + 1)
      search.add(curve)
      if search.found != nil { break }
    }
    return curve
  }

  @Test func `stops where the curve bends`() throws {
    // Steep up to 300 tokens, flat from there on.
    let saved = (0..<2_000).map { $0 < 300 ? 2_000 : 20 as UInt64 }
    var search = SizeSearch(SizeRule())
    _ = Self.curve(saved, tokens: 1_000_000, &search)
    let found = try #require(search.found)
    #expect(found.stop == .bend)
    #expect((297...303).contains(found.size))
    // The definition, at that place and before.
    func value(_ size: Int) -> Double {
      1_000_000 / Double(1_000_000 - saved[..<size].reduce(0, +))
    }
    let step = max(1, found.size / 100)
    let gain = (value(found.size + step) - value(found.size)) / Double(step)
    #expect(gain < 0.2 * (value(found.size) - 1) / Double(found.size))
  }

  @Test func `a curve that stays steep does not bend`() {
    var search = SizeSearch(SizeRule())
    _ = Self.curve([UInt64](repeating: 100, count: 3_000), tokens: 1_000_000, &search)
    #expect(search.found == nil)
  }

  @Test func `stops before tokens that training sees too rarely`() throws {
    var rule = SizeRule()
    rule.minimumSightings = 50
    rule.budgetTokenCount = 100_000
    var search = SizeSearch(rule)
    // Of a million tokens: 50 in 100,000 are 500 in a million, a little less as tokens get fewer.
    let saved = (0..<200).map { UInt64(1_000 - 5 * $0) }
    let curve = Self.curve(saved, tokens: 1_000_000, &search)
    let found = try #require(search.found)
    #expect(found.stop == .rareTokens)
    #expect(found.size == curve.size)
    func sightings(_ size: Int) -> Double {
      let left = 1_000_000 - saved[..<size].reduce(0, +)
      return Double(saved[size - 1]) / Double(left) * 100_000
    }
    #expect(sightings(found.size) >= 50 && sightings(found.size + 1) < 50)
  }

  @Test func `a size that fits is the beginning of any larger one`() throws {
    let folder = try TemporaryDirectory()
    let base = try Self.base(folder)
    let languages = [Self.languages[0]]
    var rule = SizeRule()
    rule.minimumSightings = 1_500
    rule.budgetTokenCount = 100_000
    var options = TokenSelectionOptions(sizeRule: rule)
    options.minimumFrequency = 1
    let fitting = try TokenSelection(
      base: base.tokenizer, languages: languages, options: options, ids: NewTokenIDs(from: 300))
    #expect(fitting.stop == .rareTokens && fitting.tokens.count > 3)
    options.surveyFactor = 2
    let surveyed = try TokenSelection(
      base: base.tokenizer, languages: languages, options: options, ids: NewTokenIDs(from: 300))
    #expect(surveyed.tokens.merges == fitting.tokens.merges)
    #expect(surveyed.curve.size > fitting.tokens.count)
    var exact = TokenSelectionOptions(newTokenCount: fitting.tokens.count)
    exact.minimumFrequency = 1
    let given = try TokenSelection(
      base: base.tokenizer, languages: languages, options: exact, ids: NewTokenIDs(from: 300))
    #expect(given.tokens.merges == fitting.tokens.merges)

    rule.budgetTokenCount = 10
    options.sizeRule = rule
    #expect(throws: VocabularyError.tokensTooRare(minimum: 1_500, budget: 10)) {
      _ = try TokenSelection(
        base: base.tokenizer, languages: languages, options: options, ids: NewTokenIDs(from: 300))
    }
  }

  @Test func `a language whose tokens are too rare is left out, and the others go on`() throws {
    let folder = try TemporaryDirectory()
    let base = try Self.base(folder)
    // A corpus in Swahili that is a hundredth of the Hindi one, and half of the tokens.
    let languages = [
      SelectionLanguage(name: "hi", counts: SmallModel.counts(SmallModel.target, times: 300)),
      SelectionLanguage(name: "sw", counts: SmallModel.counts(Self.swahili, times: 3)),
    ]
    var rule = SizeRule()
    rule.bend = 0
    rule.minimumSightings = 1_500
    rule.budgetTokenCount = 100_000
    var options = TokenSelectionOptions(sizeRule: rule)
    options.minimumFrequency = 1
    let found = try TokenSelection(
      base: base.tokenizer, languages: languages, options: options, ids: NewTokenIDs(from: 300))
    #expect(found.stop == .rareTokens)
    #expect(found.languages[0].newTokenCount > 3 && found.languages[1].newTokenCount == 0)
    // Hindi gets what it would get alone, as far as training sees it often enough: of as many tokens as
    // there are after it.
    var alone = TokenSelectionOptions(newTokenCount: found.tokens.count + 1)
    alone.minimumFrequency = 1
    let hindi = try TokenSelection(
      base: base.tokenizer, languages: [languages[0]], options: alone, ids: NewTokenIDs(from: 300))
    #expect(Array(hindi.tokens.merges.prefix(found.tokens.merges.count)) == found.tokens.merges)
    try #require(hindi.tokens.count == found.tokens.count + 1)
    func sightings(_ size: Int) -> Double {
      let tokens = hindi.curve.languages[0].tokenCounts
      // Both texts together; a merge of Hindi letters changes nothing in the other one.
      let all = Double(tokens[size] + found.languages[1].baseTokenCount)
      return Double(tokens[size - 1] - tokens[size]) / all * 100_000
    }
    #expect(found.languages[1].extendedTokenCount == found.languages[1].baseTokenCount)
    for size in 1...found.tokens.count { #expect(sightings(size) >= 1_500, "\(size)") }
    #expect(sightings(found.tokens.count + 1) < 1_500)

    options.surveyFactor = 2
    let surveyed = try TokenSelection(
      base: base.tokenizer, languages: languages, options: options, ids: NewTokenIDs(from: 300))
    #expect(surveyed.tokens.merges == found.tokens.merges && surveyed.stop == .rareTokens)
    #expect(surveyed.curve.size == 2 * found.tokens.count)
  }

  @Test func `a curve that is followed further refuses the same pairs`() throws {
    let folder = try TemporaryDirectory()
    let base = try Self.base(folder)
    // Of both languages: what one is refused early, the other may be refused late.
    let protected = ProtectedText(
      SmallModel.counts(Self.swahili + " " + SmallModel.target.prefix(60)), base: base.tokenizer)
    var differ = 0
    for size in 1...40 {
      var options = TokenSelectionOptions(newTokenCount: size)
      options.minimumFrequency = 1
      var found: [[RefusedPair]] = []
      for factor in [1, 2, 5] {
        options.surveyFactor = factor
        let selection = try TokenSelection(
          base: base.tokenizer, languages: Self.languages, protected: protected, options: options,
          ids: NewTokenIDs(from: 300))
        #expect(selection.stop == .requested)
        found.append(selection.refused)
      }
      #expect(found[1] == found[0] && found[2] == found[0], "\(size)")
      #expect(found[0].allSatisfy { $0.mergeCount < size })
      differ += found[0].count
    }
    #expect(differ > 40)
  }

  @Test func `a small corpus ends the choice`() throws {
    let folder = try TemporaryDirectory()
    let base = try Self.base(folder)
    let selection = try TokenSelection(
      base: base.tokenizer, languages: Self.languages,
      options: TokenSelectionOptions(newTokenCount: 5_000),
      ids: NewTokenIDs(from: 300))
    #expect(selection.stop == .noPairs && selection.tokens.count < 5_000)
  }

  @Test func `protected text keeps its IDs, and the pairs are told`() throws {
    let folder = try TemporaryDirectory()
    let base = try Self.base(folder)
    let counts = SmallModel.counts("the town walks along the river mto")
    let protected = ProtectedText(counts, base: base.tokenizer)
    var options = TokenSelectionOptions(newTokenCount: 400)
    options.minimumFrequency = 1
    let free = try TokenSelection(
      base: base.tokenizer, languages: Self.languages, options: options, ids: NewTokenIDs(from: 300)
    )
    let kept = try TokenSelection(
      base: base.tokenizer, languages: Self.languages, protected: protected, options: options,
      ids: NewTokenIDs(from: 300))
    let text = " the town walks along the river mto"
    #expect(try kept.tokenizer.encode(text) == base.tokenizer.encode(text))
    #expect(try free.tokenizer.encode(text) != base.tokenizer.encode(text))
    #expect(free.refused.isEmpty && !kept.refused.isEmpty)
    #expect(kept.refused.allSatisfy { $0.reason == .protected })
    // The proof finds a tokenizer that does change it.
    #expect(throws: VocabularyError.self) {
      try protected.check(base: base.tokenizer, extended: free.tokenizer, progress: nil)
    }
  }
}
