import TesseraBasics

/// One pass over a collection of documents: in which order, and cut into sequences where.
///
/// The documents are shuffled, joined into a ring (each with its end-of-text token), and the ring is
/// cut into sequences of equal length from a random place on; the sequences are shuffled too, so that
/// the parts of a long document come apart. Every token is a target at least once in a pass; where
/// the length does not divide the ring, the last sequence runs on into the first one's tokens.
///
/// All of it is a pure function of the documents' lengths, prefixes included, the sequence length, the seed
/// and the stream number.
struct EpochOrder: Sendable {
  /// The documents in this pass's order.
  private let documents: [UInt32]
  /// Where each of them starts in the ring, and the ring's length.
  private let starts: [Int]
  /// The sequences in this pass's order, as indices of their places on the ring.
  private let sequences: [UInt32]
  /// The place on the ring where the first sequence starts.
  private let rotation: Int

  /// The number of sequences in a pass over `tokenCount` tokens.
  static func sequenceCount(tokenCount: Int, sequenceLength: Int) -> Int {
    (tokenCount + sequenceLength - 1) / sequenceLength
  }

  /// Lays out a pass.
  ///
  /// - Precondition: there is at least one document.
  init(of source: SourceDocuments, sequenceLength: Int, seed: UInt64, stream: UInt64) {
    precondition(source.count > 0, "an order needs documents")
    var random = SplitMix64(seed: seed, stream: stream)
    var documents = (0..<UInt32(source.count)).map { $0 }
    Self.shuffle(&documents, using: &random)
    var starts = [0]
    starts.reserveCapacity(documents.count + 1)
    var place = 0
    for document in documents {
      place += source.tokenCount(of: Int(document))
      starts.append(place)
    }
    let sequenceCount = Self.sequenceCount(tokenCount: place, sequenceLength: sequenceLength)
    var sequences = (0..<UInt32(sequenceCount)).map { $0 }
    Self.shuffle(&sequences, using: &random)
    self.documents = documents
    self.starts = starts
    self.sequences = sequences
    rotation = random.below(place)
  }

  /// Writes the `index`-th sequence of the pass: its tokens, and the tokens that follow each of them but
  /// for those of prefixes.
  ///
  /// A document begins at the end-of-text token before it, from which its first token is predicted.
  func read(
    sequence index: Int, length: Int, of source: SourceDocuments,
    into content: inout BatchContent, at offset: Int
  ) {
    let size = starts[starts.count - 1]
    let place = (rotation + Int(sequences[index]) * length) % size
    for piece in pieces(from: place, count: length, of: source) {
      source.copy(
        piece.range, of: piece.document, into: &content.inputs, at: offset + piece.place,
        hidesPrefix: false)
      if piece.endsDocument {
        content.beginDocument(at: offset + piece.place + piece.range.count - 1)
      }
    }
    for piece in pieces(from: (place + 1) % size, count: length, of: source) {
      source.copy(
        piece.range, of: piece.document, into: &content.targets, at: offset + piece.place,
        hidesPrefix: true)
    }
  }

  /// The tokens of the `index`-th sequence of the pass, as places among those of all documents.
  ///
  /// - Precondition: No document has a prefix.
  func places(
    sequence index: Int, length: Int, of source: SourceDocuments
  ) -> [Range<Int>] {
    let place = (rotation + Int(sequences[index]) * length) % starts[starts.count - 1]
    return pieces(from: place, count: length, of: source).map { piece in
      let start = source.documents.range(of: piece.document).lowerBound
      return start + piece.range.lowerBound..<start + piece.range.upperBound
    }
  }

  /// A part of a document in a sequence.
  private struct Piece {
    var document: Int
    /// Its tokens, counted in the document.
    var range: Range<Int>
    /// Where they begin in the sequence.
    var place: Int
    /// Whether the last of them is the document's end-of-text token.
    var endsDocument: Bool
  }

  /// The parts of documents from a place on the ring on, around its end if need be.
  private func pieces(from place: Int, count: Int, of source: SourceDocuments) -> [Piece] {
    var pieces: [Piece] = []
    var slot = slot(of: place)
    var skip = place - starts[slot]
    var written = 0
    while written < count {
      let length = starts[slot + 1] - starts[slot]
      let upper = min(length, skip + count - written)
      pieces.append(
        Piece(
          document: Int(documents[slot]), range: skip..<upper, place: written,
          endsDocument: upper == length))
      written += upper - skip
      skip = 0
      slot = slot + 1 == documents.count ? 0 : slot + 1
    }
    return pieces
  }

  /// Which document of the order covers a place on the ring.
  private func slot(of place: Int) -> Int {
    var low = 0
    var high = documents.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }

  /// Fisher and Yates's shuffle, written out so that the order does not hang on a library's version.
  static func shuffle<Element>(
    _ values: inout [Element], using random: inout SplitMix64
  ) {
    guard values.count > 1 else { return }
    for i in stride(from: values.count - 1, through: 1, by: -1) {
      values.swapAt(i, random.below(i + 1))
    }
  }
}
