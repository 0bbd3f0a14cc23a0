import TesseraBasics

/// The tokens of a training so far: what symbols are called, and which may be made.
struct GrowingVocabulary {
  let options: BPETrainerOptions
  /// The merges so far, with the IDs of the vocabulary.
  private(set) var merges: [LearnedMerge] = []

  /// The bytes of each symbol.
  private var tokens: [[UInt8]]
  private let reserved: Set<[UInt8]>
  private let firstByteID: TokenID

  /// The bytes, and the merges of a training that came first.
  init(_ options: BPETrainerOptions, after first: TrainedBPE? = nil) {
    self.options = options
    tokens = options.tie.alphabet.map { [$0] }
    reserved = reservedBytes(options.specialTokens)
    firstByteID = TrainedBPE(options: options, merges: []).firstByteID
    merges.reserveCapacity(options.mergeCount)
    guard let first else { return }
    precondition(
      first.options.tie == options.tie && first.firstByteID == firstByteID,
      "the IDs of both trainings are the same")
    for merge in first.merges {
      let isAdded = append(
        MergeCandidate(
          left: merge.left - firstByteID, right: merge.right - firstByteID, count: merge.count))
      precondition(isAdded, "the special tokens of both trainings are the same")
    }
  }

  /// Whether there are as many merges as were asked for.
  var isComplete: Bool { merges.count >= options.mergeCount }

  /// The length of each symbol in bytes.
  var byteLengths: [UInt32] { tokens.map { UInt32($0.count) } }

  /// Adds the token that a pair makes.
  ///
  /// - Returns: Whether it may be made; if not, nothing changes.
  mutating func append(_ candidate: MergeCandidate) -> Bool {
    let bytes = tokens[Int(candidate.left)] + tokens[Int(candidate.right)]
    if reserved.contains(bytes) || bytes.count > TokenTable.maximumTokenSize { return false }
    merges.append(
      LearnedMerge(
        left: candidate.left + firstByteID, right: candidate.right + firstByteID,
        result: TokenID(tokens.count) + firstByteID, count: candidate.count))
    tokens.append(bytes)
    return true
  }

  /// How far the training is.
  var progress: ProgressUpdate {
    ProgressUpdate(
      phase: "merging", completed: merges.count, total: options.mergeCount, unit: "merges")
  }
}

extension MergingLimits {
  /// Takes over what options say of the merges.
  mutating func apply(_ options: BPETrainerOptions) {
    minimumCount = UInt64(max(1, options.minimumFrequency))
    maximumLength = min(options.maximumTokenLength ?? .max, TokenTable.maximumTokenSize)
    mergeCount = options.mergeCount
  }
}
