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
// Shapes, row-major:   values: [rows, heads * headWidth]   tables: [positions, frequencies]
//
//   angle(p, i) = p * frequency[i]      frequency[i] = theta^(-2 i / headWidth), if not scaled
//   low'  = low * cos(angle) - high * sin(angle)
//   high' = high * cos(angle) + low * sin(angle)
//
// The backward pass is the rotation by the negative angle. With fewer frequencies than half the width
// of a head only the first 2 * frequencies components are rotated. YaRN multiplies cosines and sines
// by a number of its own.
//
// Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021,
// arXiv:2104.09864, equation 34, whose pairs are neighbours: a fixed permutation of each head.

/// Cosines and sines of all positions up to a length.
package struct RotaryTable: Sendable {
  /// The number of positions.
  package let length: Int
  /// Half the number of components of a head that are rotated.
  package let half: Int
  fileprivate let cosines: [Float]
  fileprivate let sines: [Float]

  /// The tables for positions 0 to `length` - 1, with the frequencies of ``rotaryFrequencies(width:theta:)``.
  package init(length: Int, headWidth: Int, theta: Double) {
    self.init(length: length, frequencies: rotaryFrequencies(width: headWidth, theta: theta))
  }

  /// The tables for positions 0 to `length` - 1.
  ///
  /// Frequencies and angles are rounded to single precision before the cosine, because models are
  /// trained with tables that were made so.
  ///
  /// - Parameters:
  ///   - length: The number of positions.
  ///   - frequencies: In radians per position.
  ///   - amplitude: A factor for cosines and sines.
  package init(length: Int, frequencies: [Float], amplitude: Double = 1) {
    precondition(!frequencies.isEmpty, "there must be frequencies")
    self.length = length
    self.half = frequencies.count
    var cosines: [Float] = []
    var sines: [Float] = []
    cosines.reserveCapacity(length * frequencies.count)
    sines.reserveCapacity(length * frequencies.count)
    for position in 0..<length {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(amplitude * cos(angle)))
        sines.append(Float(amplitude * sin(angle)))
      }
    }
    self.cosines = cosines
    self.sines = sines
  }
}

/// The frequencies of an even number of components: theta^(-2 i / width), in radians per position.
package func rotaryFrequencies(width: Int, theta: Double) -> [Float] {
  precondition(width > 0 && width % 2 == 0, "an even number of components is rotated")
  return (0..<width / 2).map { i in Float(1 / pow(theta, Double(2 * i) / Double(width))) }
}

/// Which way ``rotate(_:headWidth:table:firstRow:period:direction:)`` turns.
package enum RotationDirection: Float, Sendable {
  /// As in the forward pass.
  case forward = 1
  /// As in the backward pass.
  case backward = -1
}

/// Rotates every head of every row in place.
///
/// Row r stands at position (firstRow + r) mod period: the rows of several sequences of `period`
/// tokens follow each other. Heads are as wide as what is rotated of them, unless told otherwise.
package func rotate(
  _ values: Matrix, headWidth: Int? = nil, table: RotaryTable, firstRow: Int, period: Int,
  direction: RotationDirection
) {
  let headWidth = headWidth ?? 2 * table.half
  precondition(headWidth >= 2 * table.half, "heads must have the components that are rotated")
  precondition(values.columnCount % headWidth == 0, "rows must hold whole heads")
  precondition(firstRow >= 0 && period > 0 && period <= table.length, "positions past the table")
  unsafe table.cosines.withUnsafeBufferPointer { cosines in
    unsafe table.sines.withUnsafeBufferPointer { sines in
      // SAFETY: positions are below `period`, so inside the tables; rows and heads are the view's.
      unsafe kernels.rotate(
        values.base, Int64(values.stride), cosines.baseAddress, sines.baseAddress, Int64(firstRow),
        Int64(period), Int64(values.rowCount), Int64(values.columnCount / headWidth),
        Int64(headWidth), Int64(table.half), direction.rawValue)
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
