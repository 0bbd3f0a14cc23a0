/// Which merges may be learned on top of a tokenizer.
public struct MergeConstraints: Sendable {
  /// New tokens have characters of these scripts only; nil: of any.
  public var scripts: ScriptSet?
  /// Pairs that stand in text whose IDs must not change.
  public var protectedPairs: ProtectedPairs?

  /// No constraints.
  public init() {}

  /// Why a pair must not be merged, or nil if it may.
  ///
  /// - Parameter bytes: The bytes of both tokens together.
  func refusal(of left: TokenID, _ right: TokenID, bytes: [UInt8]) -> MergeRefusal? {
    if let protectedPairs, protectedPairs.contains(left, right, bytes: bytes) { return .protected }
    if let scripts, !scripts.contains(bytes) { return .script }
    return nil
  }
}

/// Why a pair that was the most frequent one was not merged.
public enum MergeRefusal: String, CaseIterable, Hashable, Sendable {
  /// The merge would change the IDs of protected text.
  case protected
  /// The token would have a character of another script.
  case script
}

/// A pair of tokens that was not merged although it was the most frequent one.
public struct RefusedPair: Hashable, Sendable {
  /// The token on the left, with its ID in the extended vocabulary.
  public let left: TokenID
  /// The token on the right, likewise.
  public let right: TokenID
  /// How often the pair stood in the corpora then.
  public internal(set) var count: UInt64
  /// Why it was not merged.
  public let reason: MergeRefusal
  /// The number of merges that were made before: the pair would have been the next one.
  public let mergeCount: Int
}
