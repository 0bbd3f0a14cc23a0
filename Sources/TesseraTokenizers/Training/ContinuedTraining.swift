public import TesseraBasics

/// What continued training makes.
public struct ContinuedTrainingOptions: Hashable, Sendable {
  /// How many tokens to add, 0 or more.
  public var newTokenCount: Int
  /// Pairs that occur less often are not merged; 0 and 1 both mean any pair that occurs.
  public var minimumFrequency = 0
  /// No new token gets longer than this, in bytes. Nil: no limit.
  public var maximumTokenLength: Int?
  /// The ID of the first new token; nil: the first one after all tokens of the base.
  public var firstID: TokenID?

  /// Options with their recommended values.
  public init(newTokenCount: Int) { self.newTokenCount = newTokenCount }
}

extension ContinuedTrainingOptions {
  /// Refuses options that a base leaves no room for.
  ///
  /// ``continueTraining(base:counts:options:isAllowed:progress:)`` does so as well; this is for
  /// before a corpus is counted.
  ///
  /// - Throws: ``TrainingError/negativeTokenCount(_:)``,
  ///   ``TrainingError/firstIDOccupied(_:minimum:)`` or
  ///   ``TrainingError/vocabularyTooLarge(size:maximum:)``.
  public func check(base: Tokenizer) throws(TrainingError) { _ = try checkedFirstID(base: base) }

  /// The first new ID, above which there is room for the new tokens.
  fileprivate func checkedFirstID(base: Tokenizer) throws(TrainingError) -> TokenID {
    let idCount = base.vocabularySize
    let maximum = Int(TokenTable.maximumID) + 1
    guard newTokenCount >= 0 else { throw .negativeTokenCount(newTokenCount) }
    let first = firstID.map { Int($0) } ?? idCount
    guard first >= idCount else {
      throw .firstIDOccupied(TokenID(first), minimum: idCount)
    }
    guard first <= maximum, newTokenCount <= maximum - first else {
      let (size, overflow) = first.addingReportingOverflow(newTokenCount)
      throw .vocabularyTooLarge(size: overflow ? .max : size, maximum: maximum)
    }
    return TokenID(first)
  }
}

/// Merges learned on top of a tokenizer, in the order in which they were learned.
public struct ContinuedBPE: Hashable, Sendable {
  /// The merges, to be ranked after all merges of the base.
  ///
  /// A result below ``firstID`` is a token of the base that no merge of the base makes; it keeps
  /// its ID. All other results are new tokens with consecutive IDs.
  public let merges: [LearnedMerge]
  /// The ID of the first new token.
  public let firstID: TokenID
  /// The bytes of each new token, in the order of the IDs.
  public let newTokens: [[UInt8]]

  /// The base with the merges after its own.
  ///
  /// - Throws: `TokenizerError`, which the trainer's own limits rule out.
  public func makeTokenizer(base: Tokenizer) throws(TokenizerError) -> Tokenizer {
    var list: [NewMerge] = []
    for merge in merges {
      let bytes =
        merge.result >= firstID
        ? newTokens[Int(merge.result - firstID)] : base.bytes(of: merge.result) ?? []
      list.append(
        NewMerge(
          left: merge.left, right: merge.right, result: merge.result, bytes: bytes,
          count: merge.count))
    }
    return try base.extended(with: list)
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
///   - isAllowed: Whether a token of these bytes may be made; nil allows all.
///   - progress: Gets the number of new tokens.
/// - Returns: The merges. Fewer tokens than asked for if no further pair was frequent enough.
/// - Throws: ``TrainingError``.
public func continueTraining(
  base: Tokenizer, counts: PreTokenCounts, options: ContinuedTrainingOptions,
  isAllowed: (([UInt8]) -> Bool)? = nil, progress: ProgressHandler? = nil
) throws(TrainingError) -> ContinuedBPE {
  try continueTraining(
    base: base, counts: counts, options: options, isAllowed: isAllowed, limits: MergingLimits(),
    progress: progress)
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
    base: base, counts: counted, options: options, isAllowed: nil, limits: limits,
    progress: progress)
}

/// Continues with given limits, which the merges do not depend on.
package func continueTraining(
  base: Tokenizer, counts: some PreTokenSource, options: ContinuedTrainingOptions,
  isAllowed: (([UInt8]) -> Bool)?, limits given: MergingLimits, progress: ProgressHandler?
) throws(TrainingError) -> ContinuedBPE {
  let idCount = base.vocabularySize
  let firstID = try options.checkedFirstID(base: base)
  var limits = given
  limits.minimumCount = UInt64(max(1, options.minimumFrequency))
  limits.maximumLength = min(options.maximumTokenLength ?? .max, TokenTable.maximumTokenSize)
  limits.mergeCount = options.newTokenCount
  // Which tokens have neighbours.
  var occurring = [Bool](repeating: false, count: idCount)
  let arena = try makeArena(of: counts, &limits) { source, plan throws(CountFileError) in
    try SymbolArena<UInt32>(source, plan, encodedWith: base.compiled) { symbols in
      for id in symbols { occurring[Int(id)] = true }
    }
  }
  // The engine changes the arena in place: nobody else may hold it.
  var engine = MergeEngine(
    arena: consume arena,
    byteLengths: (0..<idCount).map { UInt32(base.tokens.size(of: TokenID($0))) }, limits: limits)

  var names = NewTokenNames(base, occurring: occurring, firstID: firstID)
  var merges: [LearnedMerge] = []
  while names.newTokens.count < options.newTokenCount, let candidate = engine.next() {
    let bytes = names.bytes(of: candidate.left) + names.bytes(of: candidate.right)
    guard isAllowed?(bytes) ?? true, let result = names.name(bytes) else {
      engine.reject(candidate)
      continue
    }
    engine.merge(candidate)
    merges.append(
      LearnedMerge(
        left: names.id(of: candidate.left), right: names.id(of: candidate.right), result: result,
        count: candidate.count))
    names.append(result)
    if merges.count % 256 == 0 {
      progress?(
        ProgressUpdate(
          phase: "merging", completed: names.newTokens.count, total: options.newTokenCount,
          unit: "merges"))
    }
    if Interruption.isRequested { throw .interrupted }
  }
  return ContinuedBPE(merges: merges, firstID: firstID, newTokens: names.newTokens)
}

/// Gives the engine's symbols their IDs: a symbol of the base is its ID, the others are listed.
private struct NewTokenNames {
  private let base: Tokenizer
  private let firstID: TokenID
  private let reserved: Set<[UInt8]>
  /// For each token of the base whether it must not become the result of a new merge.
  private var isTaken: [Bool]
  /// The IDs of the symbols after those of the base.
  private var ids: [TokenID] = []
  /// The bytes of the tokens that the base does not have.
  private(set) var newTokens: [[UInt8]] = []
  /// The bytes of the token that was named last.
  private var lastName: [UInt8] = []

  init(_ base: Tokenizer, occurring: [Bool], firstID: TokenID) {
    self.base = base
    self.firstID = firstID
    reserved = reservedBytes(base.addedTokens.map(\.content))
    isTaken = occurring
    for merge in base.merges {
      isTaken[Int(merge.left)] = true
      isTaken[Int(merge.right)] = true
    }
    for token in base.addedTokens { isTaken[Int(token.id)] = true }
  }

  /// The ID of a symbol.
  func id(of symbol: UInt32) -> TokenID {
    Int(symbol) < isTaken.count ? symbol : ids[Int(symbol) - isTaken.count]
  }

  /// The bytes of a symbol.
  func bytes(of symbol: UInt32) -> [UInt8] {
    let id = id(of: symbol)
    if id >= firstID { return newTokens[Int(id - firstID)] }
    return base.tokens.bytes(of: id).map { Array($0) } ?? []
  }

  /// The ID that a token of these bytes gets, or nil if it must not be made.
  mutating func name(_ bytes: [UInt8]) -> TokenID? {
    if reserved.contains(bytes) { return nil }
    lastName = bytes
    guard let existing = base.tokens.id(of: bytes) else {
      return firstID + TokenID(newTokens.count)
    }
    // Under ranks the bytes decide, so the base makes the token wherever it can be made.
    if base.model.semantics == .ranks || isTaken[Int(existing)] { return nil }
    return existing
  }

  /// Takes the name that was given last.
  mutating func append(_ id: TokenID) {
    ids.append(id)
    if id >= firstID { newTokens.append(lastName) } else { isTaken[Int(id)] = true }
  }
}

/// The byte strings that no merge may make, so that text never produces an added token, and no
/// tokenizer.json spells two tokens alike.
func reservedBytes(_ addedTokens: [String]) -> Set<[UInt8]> {
  var reserved = Set<[UInt8]>()
  for token in addedTokens {
    reserved.insert(Array(token.utf8))
    if let spelled = ByteAlphabet.bytes(spelledBy: token) { reserved.insert(spelled) }
  }
  return reserved
}
