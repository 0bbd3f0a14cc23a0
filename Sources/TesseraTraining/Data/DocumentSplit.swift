import TesseraBasics
public import TesseraCorpora

/// Documents in two parts: those to train on, and those that are never trained on.
///
/// The same documents are held out whatever their order, and copies of a document are on one side.
public struct DocumentSplit: Sendable {
  /// The documents to train on, in the order of the corpus.
  public private(set) var training: [[UInt8]] = []
  /// The documents that are held out, in the order of the corpus.
  public private(set) var heldOut: [[UInt8]] = []
  private let seed: UInt64
  private var heldOutHashes: Set<UInt64> = []
  /// What is left out because another split holds it out.
  private var leftOutHashes: Set<UInt64> = []

  /// Splits documents so that a share of the bytes is held out, as nearly as whole documents allow,
  /// and never more.
  ///
  /// A `HeldOutSplit` with a fixed fraction holds out about that share of many documents, but may
  /// hold out none of thirty. Here documents are taken in the order of their hashes, and those that
  /// are larger than what is still wanted are passed over. If all are, the shortest is held out,
  /// unless it is the only one.
  ///
  /// - Parameters:
  ///   - documents: The documents; empty ones are left out.
  ///   - share: The share of bytes to hold out.
  ///   - sizeLimit: The most bytes to hold out, whatever the share says.
  ///   - seed: Another seed holds out other documents.
  public init(_ documents: [[UInt8]], share: Double, sizeLimit: Int = .max, seed: UInt64 = 0) {
    self.seed = seed
    let documents = documents.filter { !$0.isEmpty }
    let hashes = documents.map { StableHash.hash(of: $0, seed: seed) }
    let total = documents.reduce(0) { $0 + $1.count }
    let wanted = min(Int((share * Double(total)).rounded(.up)), sizeLimit)
    // Copies count together, since they go together.
    var sizes: [UInt64: Int] = [:]
    for (document, hash) in zip(documents, hashes) { sizes[hash, default: 0] += document.count }
    var size = 0
    for hash in sizes.keys.sorted() {
      guard let groupSize = sizes[hash], groupSize <= wanted - size else { continue }
      size += groupSize
      heldOutHashes.insert(hash)
    }
    if wanted > 0, heldOutHashes.isEmpty, sizes.count > 1,
      let shortest = sizes.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })
    {
      heldOutHashes.insert(shortest.key)
    }
    for (document, hash) in zip(documents, hashes) {
      if heldOutHashes.contains(hash) {
        heldOut.append(document)
      } else {
        training.append(document)
      }
    }
  }

  /// Stops training on what another split holds out, so that a document of both corpora is not
  /// trained on by way of one and measured with by way of the other.
  ///
  /// - Precondition: Both have the same seed.
  public mutating func leaveOut(heldOutOf other: DocumentSplit) {
    precondition(seed == other.seed, "hashes of different seeds cannot be compared")
    leftOutHashes.formUnion(other.heldOutHashes)
    training.removeAll { other.heldOutHashes.contains(StableHash.hash(of: $0, seed: seed)) }
  }

  /// Whether a document of those that were split is trained on.
  public func isForTraining(_ document: [UInt8]) -> Bool {
    let hash = StableHash.hash(of: document, seed: seed)
    return !document.isEmpty && !heldOutHashes.contains(hash) && !leftOutHashes.contains(hash)
  }

  /// The number of bytes to train on.
  public var trainingByteCount: Int { training.reduce(0) { $0 + $1.count } }

  /// The number of bytes held out.
  public var heldOutByteCount: Int { heldOut.reduce(0) { $0 + $1.count } }
}

extension Corpus {
  /// All documents, in memory.
  ///
  /// - Throws: `CorpusError`.
  public func readAll() throws(CorpusError) -> [[UInt8]] {
    var documents: [[UInt8]] = []
    var reader = makeReader()
    while let document = try reader.next() { documents.append(document.bytes) }
    return documents
  }

  /// All documents, in memory, and what stands before each.
  ///
  /// - Throws: `CorpusError`.
  public func readAll(
    prefix: PrefixTemplate
  ) throws(CorpusError) -> (documents: [[UInt8]], prefixes: [String?]) {
    var documents: [[UInt8]] = []
    var prefixes: [String?] = []
    var reader = makeReader()
    while let document = try reader.next() {
      documents.append(document.bytes)
      prefixes.append(prefix.text(for: document.metadata))
    }
    return (documents, prefixes)
  }
}
