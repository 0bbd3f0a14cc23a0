internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors
internal import TesseraTokenizers

/// A matrix of the base with rows for the tokens of another tokenizer, ready to be written in blocks.
struct ReplacedMatrix {
  let correspondence: TokenCorrespondence
  /// The number of rows: those past the last token are fillers, as are those of IDs without one.
  let rowCount: Int
  /// What makes the rows of new tokens.
  let synthesizer: RowSynthesizer

  /// Where a row is from.
  private enum Source: Equatable {
    /// A row of the base, bit for bit.
    case base(Int)
    /// The next new row.
    case new
    /// The mean of the rows of the base's tokens.
    case filler
  }

  private var base: TokenMatrix { synthesizer.base }

  /// The bytes of a row that no token has: the mean of the rows of the base's tokens.
  var filler: [UInt8] {
    base.elementType.bytes(of: synthesizer.statistics.mean.map { Float($0) })
  }

  /// Hands out the stored bytes of all rows, from the first row to the last, in blocks of about 4 MB of
  /// floats.
  ///
  /// - Returns: How large the new rows are, for the record.
  func write(_ append: WeightRewriter.Append) throws(VocabularyError) -> NewRowNorms {
    var norms = NewRowNorms()
    let (step, filler) = (max(16, (1 << 20) / max(1, base.width)), filler)
    var madeCount = 0
    for start in stride(from: 0, to: rowCount, by: step) {
      let sources = sources(of: start..<min(rowCount, start + step))
      let newCount = sources.count { $0 == .new }
      let rows = try synthesizer.rows(in: madeCount..<madeCount + newCount)
      madeCount += newCount
      norms.add(rows, width: base.width)
      try append(.bytes(try bytes(sources, base.elementType.bytes(of: rows)[...], filler)))
    }
    return norms
  }

  private func sources(of rows: Range<Int>) -> [Source] {
    var next = correspondence.tokens.ids.firstIndex(from: TokenID(rows.lowerBound))
    return rows.map { row in
      let id = TokenID(row)
      if next < correspondence.tokens.count, correspondence.tokens.id(of: next) == id {
        next += 1
        return .new
      }
      let baseID = row < correspondence.baseIDs.count ? correspondence.baseIDs[row] : nil
      return baseID.map { .base(Int($0)) } ?? .filler
    }
  }

  /// The bytes of some rows; those of the base that follow each other there are read at once.
  private func bytes(
    _ sources: [Source], _ made: ArraySlice<UInt8>, _ filler: [UInt8]
  ) throws(VocabularyError) -> [UInt8] {
    var made = made
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sources.count * base.rowSize)
    var i = 0
    while i < sources.count {
      switch sources[i] {
      case .base(let row):
        var end = i + 1
        while end < sources.count, sources[end] == .base(row + end - i) { end += 1 }
        do { bytes += try base.bytes(in: row..<row + end - i) } catch { throw .checkpoint(error) }
        i = end
      case .new:
        bytes += made.prefix(base.rowSize)
        made = made.dropFirst(base.rowSize)
        i += 1
      case .filler:
        bytes += filler
        i += 1
      }
    }
    return bytes
  }
}
