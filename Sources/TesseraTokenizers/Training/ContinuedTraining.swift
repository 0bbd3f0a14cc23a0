public import TesseraBasics

/// What continued training makes.
public struct ContinuedTrainingOptions: Hashable, Sendable {
  /// How many tokens to add, 0 or more.
  public var newTokenCount: Int
  /// Pairs that occur less often are not merged; 0 and 1 both mean any pair that occurs.
  public var minimumFrequency = 0
  /// No new token gets longer than this, in bytes. Nil: no limit.
  public var maximumTokenLength: Int?
  /// The IDs of the new tokens; nil: those after all tokens of the base.
  ///
  /// Those that are listed are of added tokens of the base, which are not there any more in the end.
  public var ids: NewTokenIDs?

  /// Options with their recommended values.
  public init(newTokenCount: Int) { self.newTokenCount = newTokenCount }
}

extension ContinuedTrainingOptions {
  /// Refuses options that a base leaves no room for.
  ///
  /// ``continueTraining(base:counts:options:constraints:progress:)`` does so as well; this is for
  /// before a corpus is counted.
  ///
  /// - Throws: ``TrainingError/negativeTokenCount(_:)``,
  ///   ``TrainingError/firstIDOccupied(_:minimum:)``, ``TrainingError/idNotReusable(_:)``,
  ///   ``TrainingError/idBeforeRanks(_:last:)`` or
  ///   ``TrainingError/vocabularyTooLarge(size:maximum:)``.
  public func check(base: Tokenizer) throws(TrainingError) { _ = try checkedIDs(base: base) }

  /// The new IDs, which are free and enough for the new tokens.
  func checkedIDs(base: Tokenizer) throws(TrainingError) -> NewTokenIDs {
    let idCount = base.vocabularySize
    let maximum = Int(TokenTable.maximumID) + 1
    guard newTokenCount >= 0 else { throw .negativeTokenCount(newTokenCount) }
    let ids = ids ?? NewTokenIDs(from: TokenID(idCount))
    let first = Int(ids.next)
    guard first >= idCount else { throw .firstIDOccupied(ids.next, minimum: idCount) }
    try checkReused(ids.listed, base: base)
    let consecutiveCount = max(0, newTokenCount - ids.listed.count)
    guard first <= maximum, consecutiveCount <= maximum - first else {
      let (size, overflow) = first.addingReportingOverflow(consecutiveCount)
      throw .vocabularyTooLarge(size: overflow ? .max : size, maximum: maximum)
    }
    return ids
  }

  /// Sees to it that IDs are of added tokens that nothing else needs, and that tokens with these IDs are merged
  /// after all others.
  private func checkReused(_ ids: [TokenID], base: Tokenizer) throws(TrainingError) {
    if ids.isEmpty { return }
    let removable = base.removableAddedTokens
    if let id = ids.first(where: { !removable.contains($0) }) { throw .idNotReusable(id) }
    guard base.model.semantics == .ranks, let first = ids.first else { return }
    // Under ranks the ID is the rank: one among those of the base would be merged before them.
    let reused = Set(ids)
    let last = (0..<TokenID(base.tokens.idBound)).last { id in
      base.tokens.contains(id) && !reused.contains(id)
    }
    if let last, last > first { throw .idBeforeRanks(first, last: last) }
  }
}

/// Learns merges on top of a tokenizer: continued byte-pair training.
///
/// The base encodes the distinct pre-tokens, pairs of neighbouring tokens are counted on that, and
/// training goes on from there. With all new merges ranked after all old ones the extended encoding
/// of a pre-token is the base encoding with new merges applied to it, because a merge of the base
/// needs two tokens of the base, and no new merge puts two of them next to each other that were
/// not neighbours before. So
///
/// - text in which no new merge fires keeps its IDs,
/// - each new token is a run of base tokens, wherever it occurs,
/// - each new token is reached by the encoding of its own bytes.
///
/// A pair whose bytes are an added token of the base is never merged. Where they are a token of the
/// vocabulary, which then the merges of the base do not reach, the merge gets that token's ID
/// instead of a new one, unless the base also uses the token in merges or finds it in the counted
/// text: then the pair is left alone.
///
/// - Parameters:
///   - base: The tokenizer to go on from.
///   - counts: The pre-tokens of a corpus, as the base splits it; see `countPreTokens(in:for:)`.
///   - options: How many tokens, and which may be.
///   - constraints: Which merges may be made.
///   - progress: Gets the number of new tokens.
/// - Returns: The merges. Fewer tokens than asked for if no further pair was frequent enough.
/// - Throws: ``TrainingError``.
public func continueTraining(
  base: Tokenizer, counts: PreTokenCounts, options: ContinuedTrainingOptions,
  constraints: MergeConstraints = MergeConstraints(), progress: ProgressHandler? = nil
) throws(TrainingError) -> ContinuedBPE {
  try continueTraining(
    base: base, counts: counts, options: options, constraints: constraints,
    limits: MergingLimits(), progress: progress)
}

/// Learns merges on top of a tokenizer, in bounded memory if that is asked for.
///
/// - Parameters:
///   - base: The tokenizer to go on from.
///   - counted: The pre-tokens of a corpus, as the base splits it; they are given up on the way.
///   - options: How many tokens, and which may be.
///   - memory: The budget; nil: as much as makes training fast.
///   - progress: Gets the number of new tokens.
/// - Throws: ``TrainingError``.
public func continueTraining(
  base: Tokenizer, counted: CountedPreTokens, options: ContinuedTrainingOptions,
  memory: MemoryBudget? = nil, progress: ProgressHandler? = nil
) throws(TrainingError) -> ContinuedBPE {
  var limits = MergingLimits()
  limits.memory = memory
  return try continueTraining(
    base: base, counts: counted, options: options, constraints: MergeConstraints(), limits: limits,
    progress: progress)
}

/// Continues on one language with given limits, which the merges do not depend on.
package func continueTraining(
  base: Tokenizer, counts: some PreTokenSource, options: ContinuedTrainingOptions,
  constraints: MergeConstraints, limits: MergingLimits, progress: ProgressHandler?
) throws(TrainingError) -> ContinuedBPE {
  try continueTraining(
    base: base, languages: [ContinuedLanguage(counts: counts, share: 1)], options: options,
    constraints: constraints, limits: limits, progress: progress)
}
