internal import TesseraBasics
public import TesseraCheckpoints
internal import TesseraTensors

/// A matrix of the base with its new rows, ready to be written in blocks.
public struct ExtendedMatrix: Sendable {
  /// Where old and new rows stand.
  public let layout: RowLayout
  /// What makes the new rows.
  public let synthesizer: RowSynthesizer

  /// A base matrix with recipes for its new rows.
  ///
  /// - Precondition: There is a recipe for each new row, and `layout` is that of the base.
  public init(layout: RowLayout, synthesizer: RowSynthesizer) {
    precondition(layout.baseRowCount == synthesizer.base.rowCount)
    precondition(layout.newRowCount == synthesizer.recipes.count)
    self.layout = layout
    self.synthesizer = synthesizer
  }

  /// The base matrix.
  public var base: TokenMatrix { synthesizer.base }

  /// The number of rows whose bytes are in memory at a time: about 4 MB of floats.
  private var blockRowCount: Int { max(16, (1 << 20) / max(1, base.width)) }

  /// Hands out the stored bytes of all rows, from the first row to the last: those of the base as they are
  /// stored, new ones in blocks.
  ///
  /// - Returns: How large the new rows are, for the record.
  func write(_ append: WeightRewriter.Append) throws(VocabularyError) -> NewRowNorms {
    var norms = NewRowNorms()
    for segment in layout.segments {
      switch segment {
      case .base(let rows): try append(stored(rows))
      case .new(let tokens):
        for start in stride(from: tokens.lowerBound, to: tokens.upperBound, by: blockRowCount) {
          let rows = try synthesizer.rows(in: start..<min(tokens.upperBound, start + blockRowCount))
          norms.add(rows, width: base.width)
          try append(.bytes(base.elementType.bytes(of: rows)))
        }
      }
    }
    let filler = base.elementType.bytes(of: synthesizer.statistics.mean.map { Float($0) })
    for _ in layout.fillers { try append(.bytes(filler)) }
    return norms
  }

  /// Rows of the base as they are stored.
  private func stored(_ rows: Range<Int>) -> WeightRewriter.Part {
    .stored(
      rows.lowerBound * base.rowSize..<rows.upperBound * base.rowSize, of: base.tensor,
      in: base.file)
  }
}

/// The Euclidean norms of new rows, summed up.
public struct NewRowNorms: Hashable, Sendable {
  /// The number of rows.
  public private(set) var count = 0
  /// The smallest norm, or 0 without rows.
  public private(set) var smallest = 0.0
  /// The largest norm.
  public private(set) var largest = 0.0
  private var sum = 0.0

  /// The mean of the norms, or 0 without rows.
  public var mean: Double { count == 0 ? 0 : sum / Double(count) }

  /// Adds rows that lie one after the other.
  mutating func add(_ rows: [Float], width: Int) {
    for start in stride(from: 0, to: rows.count, by: max(1, width)) {
      var squares = 0.0
      for i in start..<start + width { squares += Double(rows[i]) * Double(rows[i]) }
      let norm = squares.squareRoot()
      smallest = count == 0 ? norm : min(smallest, norm)
      largest = max(largest, norm)
      sum += norm
      count += 1
    }
  }
}
