package import TesseraBasics

/// A language that merges are learned for.
package struct ContinuedLanguage {
  /// Its pre-tokens, as the base splits them.
  package var counts: any PreTokenSource
  /// Its part of the new tokens; only the ratio to the parts of other languages counts.
  package var share: Double

  /// A language with its part.
  package init(counts: any PreTokenSource, share: Double) {
    self.counts = counts
    self.share = share
  }
}

/// A merge that was just learned.
package struct ContinuedStep {
  /// The number of new tokens so far.
  package var newTokenCount: Int
  /// The number of merges so far.
  package var mergeCount: Int
  /// For each language, how many tokens of its text the merge saves.
  package var saved: [UInt64]
}

/// Learns merges for one or several languages on top of a tokenizer.
///
/// Each merge is the most frequent pair of the language that is furthest behind its share: the one with
/// the least (2*n* + 1) / *share* for the *n* merges that were chosen for it so far, the first of those that
/// are equal. So the new tokens are divided among the languages as seats are among parties by the method of
/// Webster and Sainte-Laguë. The merge is made in all languages, and counts for the one that chose it. A
/// language without a pair that is frequent enough is left out, and the others divide what is left.
///
/// - Parameters:
///   - base: The tokenizer to go on from.
///   - languages: The languages, at least one. Of several languages all pairs are followed.
///   - options: How many tokens, and which may be; a pair has to be frequent in one language.
///   - constraints: Which merges may be made.
///   - limits: What is held in memory, which the merges do not depend on.
///   - progress: Gets the number of new tokens.
///   - observe: Learns of each merge, and says whether to go on.
///   - isTooRare: Whether a pair that stands so often in all text must not be merged. Then its language is left
///     out, as one without a frequent pair is.
///   - onlyRareAreLeft: Called when all languages are left out, and some by `isTooRare`; says whether those come
///     back.
/// - Throws: ``TrainingError``.
package func continueTraining(
  base: Tokenizer, languages: [ContinuedLanguage], options: ContinuedTrainingOptions,
  constraints: MergeConstraints, limits given: MergingLimits = MergingLimits(),
  progress: ProgressHandler?,
  observe: (ContinuedStep) -> Bool = { _ in true },
  isTooRare: (UInt64) -> Bool = { _ in false },
  onlyRareAreLeft: () -> Bool = { false }
) throws(TrainingError) -> ContinuedBPE {
  precondition(!languages.isEmpty, "there is a language")
  let newIDs = try options.checkedIDs(base: base)
  var limits = given
  limits.minimumCount = UInt64(max(1, options.minimumFrequency))
  limits.maximumLength = min(options.maximumTokenLength ?? .max, TokenTable.maximumTokenSize)
  if limits.mergeCount == 0 { limits.mergeCount = options.newTokenCount }
  // Which tokens have neighbours.
  var occurring = [Bool](repeating: false, count: base.vocabularySize)
  var engines: [LanguageEngine] = []
  for language in languages {
    engines.append(
      try LanguageEngine(
        language.counts, base: base, limits: limits,
        followsAllPairs: languages.count > 1
      ) { symbols in for id in symbols { occurring[Int(id)] = true } })
  }

  let shares = languages.map(\.share)
  var names = NewTokenNames(base, occurring: occurring, newIDs: newIDs)
  var merges: [LearnedMerge] = []
  var chosenFor: [Int] = []
  var refusals: [RefusedPair] = []
  while names.newTokens.count < options.newTokenCount {
    guard let index = furthestBehind(engines, shares) else {
      let rare = engines.filter(\.hasOnlyRarePairs)
      guard !rare.isEmpty, onlyRareAreLeft() else { break }
      for engine in rare { engine.hasOnlyRarePairs = false }
      continue
    }
    let chosen = engines[index]
    guard let candidate = chosen.next(), candidate.count >= limits.minimumCount else {
      chosen.isExhausted = true
      continue
    }
    if isTooRare(engines.reduce(0) { $0 + $1.count(of: candidate) }) {
      chosen.hasOnlyRarePairs = true
      continue
    }
    let (left, right) = (names.id(of: candidate.left), names.id(of: candidate.right))
    let bytes = names.bytes(of: candidate.left) + names.bytes(of: candidate.right)
    if let reason = constraints.refusal(of: left, right, bytes: bytes) {
      refusals.append(
        RefusedPair(
          left: left, right: right, count: candidate.count, reason: reason,
          mergeCount: merges.count))
      chosen.reject(candidate)
      continue
    }
    guard let result = names.name(bytes) else {
      chosen.reject(candidate)
      continue
    }
    let saved = engines.map { $0.merge(candidate) }
    chosen.mergeCount += 1
    merges.append(LearnedMerge(left: left, right: right, result: result, count: candidate.count))
    chosenFor.append(index)
    names.append(result)
    let count = names.newTokens.count
    if merges.count % 256 == 0 {
      progress?(
        ProgressUpdate(
          phase: "merging", completed: count, total: options.newTokenCount, unit: "merges"))
    }
    if Interruption.isRequested { throw .interrupted }
    let step = ContinuedStep(newTokenCount: count, mergeCount: merges.count, saved: saved)
    if !observe(step) { break }
  }
  return ContinuedBPE(
    merges: merges, ids: newIDs, newTokens: names.newTokens, languages: chosenFor,
    refusals: refusals)
}

/// The language that the next merge is made for; nil if no language has a pair left.
private func furthestBehind(_ engines: [LanguageEngine], _ shares: [Double]) -> Int? {
  func claim(_ index: Int) -> Double { Double(2 * engines[index].mergeCount + 1) / shares[index] }
  var first: Int?
  for index in engines.indices
  where !engines[index].isExhausted && !engines[index].hasOnlyRarePairs {
    if let first, claim(first) <= claim(index) { continue }
    first = index
  }
  return first
}
