/// Rows of floats that are shared by the workers of a training: all of them read in one phase, and each row
/// is written by one worker in the next.
@safe
final class TrainingRows: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: phases are separated by joins, and in those that write, each row has
  // one writer; callers say so at the fork.

  /// The number of rows.
  let count: Int
  /// The number of floats from a row to the next: the dimension, filled up with zeros to whole lanes.
  let stride: Int
  private let base: UnsafeMutablePointer<Float>

  /// Floats that are computed with at once.
  static let lanes = 8

  /// Rows of zeros.
  init(count: Int, dimension: Int) {
    self.count = count
    stride = (dimension + Self.lanes - 1) / Self.lanes * Self.lanes
    unsafe base = .allocate(capacity: max(1, count * stride))
    unsafe base.initialize(repeating: 0, count: count * stride)
  }

  deinit { unsafe base.deallocate() }

  /// The first float of a row.
  @unsafe
  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Float> {
    assert(index >= 0 && index < count)
    return unsafe base + index * stride
  }

  /// Some rows without what fills them up.
  func values(_ range: Range<Int>, dimension: Int) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count && dimension <= stride)
    var values: [Float] = []
    values.reserveCapacity(range.count * dimension)
    for index in range {
      // SAFETY: the row is one of these, and has `stride` floats.
      unsafe values.append(
        contentsOf: UnsafeBufferPointer(start: base + index * stride, count: dimension))
    }
    return values
  }
}

// The arithmetic of rows, eight lanes at a time. Sums have one order, so the bits are the same everywhere.

/// The inner product of two rows of `count` floats, a multiple of eight.
@unsafe
@inline(__always)
func innerProduct(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int
) -> Float {
  // SAFETY: the caller's rows have `count` floats, all of which are read in whole lanes.
  let (x, y) = unsafe (UnsafeRawPointer(a), UnsafeRawPointer(b))
  var sums = SIMD8<Float>()
  var offset = 0
  while offset < 4 * count {
    unsafe sums +=
      x.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
      * y.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
    offset += 32
  }
  return sums.sum()
}

/// row += factor * other, for rows of `count` floats, a multiple of eight.
@unsafe
@inline(__always)
func add(
  _ factor: Float, _ other: UnsafePointer<Float>, to row: UnsafeMutablePointer<Float>, _ count: Int
) {
  // SAFETY: the caller's rows have `count` floats, and are not one and the same.
  let (x, y) = unsafe (UnsafeMutableRawPointer(row), UnsafeRawPointer(other))
  var offset = 0
  while offset < 4 * count {
    let old = unsafe x.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
    let change = unsafe y.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
    let sum = old + factor * change
    unsafe x.storeBytes(of: sum, toByteOffset: offset, as: SIMD8<Float>.self)
    offset += 32
  }
}
