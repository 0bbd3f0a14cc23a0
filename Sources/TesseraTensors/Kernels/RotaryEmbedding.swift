import CTesseraKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Rotary position embedding, in the half-split form of Hugging Face's Llama: component i of a head
// is paired with component i + width / 2.
//
// Shapes, row-major:   values: [rows, heads * headWidth]   tables: [positions, headWidth / 2]
//
//   angle(p, i) = p * theta^(-2 i / headWidth)
//   low'  = low * cos(angle) - high * sin(angle)
//   high' = high * cos(angle) + low * sin(angle)
//
// The backward pass is the rotation by the negative angle.
//
// Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021,
// arXiv:2104.09864, equation 34, whose pairs are neighbours: a fixed permutation of each head.

/// Cosines and sines of all positions up to a length.
package struct RotaryTable: Sendable {
  /// The number of positions.
  package let length: Int
  /// Half the width of a head.
  package let half: Int
  fileprivate let cosines: [Float]
  fileprivate let sines: [Float]

  /// The tables for positions 0 to `length` - 1.
  ///
  /// Frequencies and angles are rounded to single precision before the cosine, because models are
  /// trained with tables that were made so.
  package init(length: Int, headWidth: Int, theta: Double) {
    precondition(headWidth > 0 && headWidth % 2 == 0, "heads must have an even width")
    self.length = length
    self.half = headWidth / 2
    var cosines: [Float] = []
    var sines: [Float] = []
    let frequencies = (0..<headWidth / 2).map { i in
      Float(1 / pow(theta, Double(2 * i) / Double(headWidth)))
    }
    cosines.reserveCapacity(length * frequencies.count)
    sines.reserveCapacity(length * frequencies.count)
    for position in 0..<length {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle)))
        sines.append(Float(sin(angle)))
      }
    }
    self.cosines = cosines
    self.sines = sines
  }
}

/// Which way ``rotate(_:table:firstRow:period:direction:)`` turns.
package enum RotationDirection: Float, Sendable {
  /// As in the forward pass.
  case forward = 1
  /// As in the backward pass.
  case backward = -1
}

/// Rotates every head of every row in place.
///
/// Row r stands at position (firstRow + r) mod period: the rows of several sequences of `period`
/// tokens follow each other.
package func rotate(
  _ values: Matrix, table: RotaryTable, firstRow: Int, period: Int, direction: RotationDirection
) {
  precondition(values.columnCount % (2 * table.half) == 0, "rows must hold whole heads")
  precondition(firstRow >= 0 && period > 0 && period <= table.length, "positions past the table")
  unsafe table.cosines.withUnsafeBufferPointer { cosines in
    unsafe table.sines.withUnsafeBufferPointer { sines in
      // SAFETY: positions are below `period`, so inside the tables; rows and heads are the view's.
      unsafe kernels.rotate(
        values.base, Int64(values.stride), cosines.baseAddress, sines.baseAddress, Int64(firstRow),
        Int64(period), Int64(values.rowCount), Int64(values.columnCount / (2 * table.half)),
        Int64(table.half), direction.rawValue)
    }
  }
}

/// The rotation of one row of heads in Double, from its definition.
package func rotateReference(
  _ row: [Double], position: Int, headWidth: Int, theta: Double
) -> [Double] {
  var output = row
  let half = headWidth / 2
  for head in 0..<row.count / headWidth {
    for i in 0..<half {
      let angle = Double(position) * pow(theta, -2 * Double(i) / Double(headWidth))
      let low = head * headWidth + i
      output[low] = row[low] * cos(angle) - row[low + half] * sin(angle)
      output[low + half] = row[low + half] * cos(angle) + row[low] * sin(angle)
    }
  }
  return output
}
