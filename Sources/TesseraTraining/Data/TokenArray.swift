import TesseraBasics

/// Token IDs in as few bytes as the vocabulary allows: two up to 65,536 IDs, four above.
///
/// A training corpus is kept encoded, so this halves the memory of a run on most vocabularies.
public struct TokenArray: Sendable {
  private enum Storage: Sendable {
    case narrow([UInt16])
    case wide([UInt32])
    case mapped(MappedTokens)
  }

  private var storage: Storage

  /// Creates an empty array for the IDs below `vocabularySize`.
  public init(vocabularySize: Int) {
    precondition(
      vocabularySize > 0 && vocabularySize <= 1 << 31, "the vocabulary size is out of range")
    storage = vocabularySize <= 1 << 16 ? .narrow([]) : .wide([])
  }

  /// The tokens of shards, which stay in their files; none can be appended.
  init(mapped tokens: MappedTokens) { storage = .mapped(tokens) }

  /// The number of tokens.
  public var count: Int {
    switch storage {
    case .narrow(let ids): ids.count
    case .wide(let ids): ids.count
    case .mapped(let tokens): tokens.count
    }
  }

  /// The number of bytes that one token takes.
  public var bytesPerToken: Int {
    switch storage {
    case .narrow: 2
    case .wide: 4
    case .mapped(let tokens): tokens.bytesPerToken
    }
  }

  /// The token at a position.
  public subscript(position: Int) -> UInt32 {
    switch storage {
    case .narrow(let ids): UInt32(ids[position])
    case .wide(let ids): ids[position]
    case .mapped(let tokens): tokens[position]
    }
  }

  /// Appends tokens.
  ///
  /// - Precondition: every ID is below the vocabulary size given at creation, as far as the width
  ///   of the storage can tell; the tokens are not those of shards.
  public mutating func append(contentsOf tokens: some Sequence<UInt32>) {
    switch storage {
    case .narrow(var ids):
      storage = .narrow([])
      for token in tokens { ids.append(UInt16(token)) }
      storage = .narrow(ids)
    case .wide(var ids):
      storage = .wide([])
      ids.append(contentsOf: tokens)
      storage = .wide(ids)
    case .mapped: preconditionFailure("shards cannot grow")
    }
  }

  /// Writes `range` into `output` from `offset` on, as the signed IDs that a model takes.
  ///
  /// - Precondition: `range` lies within the array and its image within `output`.
  public func copy(_ range: Range<Int>, into output: inout [Int32], at offset: Int) {
    precondition(offset >= 0 && offset + range.count <= output.count, "the tokens do not fit")
    switch storage {
    case .narrow(let ids):
      for i in range { output[offset + i - range.lowerBound] = Int32(ids[i]) }
    case .wide(let ids):
      for i in range { output[offset + i - range.lowerBound] = Int32(bitPattern: ids[i]) }
    case .mapped(let tokens): tokens.copy(range, into: &output, at: offset)
    }
  }

  /// Adds the tokens to a hash.
  func update(_ hash: inout SHA256) {
    // SAFETY: the pointers are read inside the closures alone, and integers have no padding.
    switch storage {
    case .narrow(let ids): unsafe ids.withUnsafeBytes { unsafe hash.update($0) }
    case .wide(let ids): unsafe ids.withUnsafeBytes { unsafe hash.update($0) }
    case .mapped(let tokens): tokens.update(&hash)
    }
  }
}
