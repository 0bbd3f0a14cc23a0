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
  /// The rule by which they were held out.
  public let rule: HeldOutSplit

  /// Splits documents so that a share of the bytes is held out, as exactly as whole documents allow.
  ///
  /// A ``HeldOutSplit`` with a fixed fraction holds out about that share of many documents, but may
  /// hold out none of thirty. Here the fraction is chosen for the documents at hand: the smallest
  /// that reaches the share.
  ///
  /// - Parameters:
  ///   - documents: The documents; empty ones are left out.
  ///   - share: The share of bytes to hold out.
  ///   - sizeLimit: The most bytes to hold out, whatever the share says.
  ///   - seed: Another seed holds out other documents.
  public init(_ documents: [[UInt8]], share: Double, sizeLimit: Int = .max, seed: UInt64 = 0) {
    let documents = documents.filter { !$0.isEmpty }
    let hashes = documents.map { StableHash.hash(of: $0, seed: seed) }
    let total = documents.reduce(0) { $0 + $1.count }
    let wanted = min(Int((share * Double(total)).rounded(.up)), sizeLimit)
    var fraction = 0.0
    var size = 0
    for index in documents.indices.sorted(by: { hashes[$0] < hashes[$1] }) {
      if size >= wanted { break }
      size += documents[index].count
      // The next larger fraction that a threshold of 64 bits can tell from this hash.
      fraction = min(1, (Double(hashes[index]) / 0x1p64).nextUp)
    }
    rule = HeldOutSplit(fraction: fraction, seed: seed)
    for (document, hash) in zip(documents, hashes) {
      if fraction > 0 && rule.isHeldOut(hash: hash) {
        heldOut.append(document)
      } else {
        training.append(document)
      }
    }
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
}
