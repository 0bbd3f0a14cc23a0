internal import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Rows of floats that are shared by the workers of a training: all of them read in one phase, and each row
/// is written by one worker in the next.
@safe
final class TrainingRows: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: phases are separated by joins, and in those that write, each row has
  // one writer; callers say so at the fork.

  /// The number of rows that were not taken.
  private(set) var count: Int
  /// The number of floats from a row to the next: the dimension, filled up with zeros to whole lanes.
  let stride: Int
  private var base: UnsafeMutablePointer<Float>

  /// Floats that are computed with at once.
  static let lanes = 8
  /// The rows that are copied, or looked through, at a time.
  static let pieceSize = 1 << 12

  /// The number of floats from a row to the next.
  static func stride(dimension: Int) -> Int { (dimension + lanes - 1) / lanes * lanes }

  /// Rows of zeros.
  init(count: Int, dimension: Int) {
    self.count = count
    stride = Self.stride(dimension: dimension)
    // SAFETY: the C library gives memory of zeros, which are floats, or nothing; it is freed in `deinit`.
    guard let memory = unsafe calloc(max(1, count * stride), MemoryLayout<Float>.stride) else {
      preconditionFailure("there is no memory for \(count) rows of \(dimension) components")
    }
    unsafe base = memory.bindMemory(to: Float.self, capacity: max(1, count * stride))
  }

  deinit { unsafe free(base) }

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

  /// Takes the last rows, without what fills them up; their memory is given back piece by piece meanwhile.
  func takeLast(_ rowCount: Int, dimension: Int) -> [Float] {
    precondition((0...count).contains(rowCount) && dimension <= stride)
    let start = count - rowCount
    return unsafe [Float](unsafeUninitializedCapacity: rowCount * dimension) { values, valueCount in
      while count > start, let target = values.baseAddress {
        let first = max(start, count - Self.pieceSize)
        for index in first..<count {
          // SAFETY: the row has `stride` floats, and the array room for `dimension` at its place.
          unsafe (target + (index - start) * dimension).initialize(
            from: row(index), count: dimension)
        }
        count = first
        // SAFETY: the rows below `count` stay as they are, and no pointer to any is held meanwhile.
        if let smaller = unsafe realloc(base, max(1, count * stride) * MemoryLayout<Float>.stride) {
          unsafe base = smaller.bindMemory(to: Float.self, capacity: max(1, count * stride))
        }
      }
      // From the last row to the first, so that all are initialized.
      valueCount = rowCount * dimension
    }
  }

  /// Whether no number is infinite or none.
  var areFinite: Bool {
    let pieces = parallelMap((count + Self.pieceSize - 1) / Self.pieceSize) { piece in
      // SAFETY: the rows are there, with `stride` floats each, and nobody writes meanwhile.
      let start = piece * Self.pieceSize
      let floats = unsafe UnsafeBufferPointer(
        start: row(start), count: (min(count, start + Self.pieceSize) - start) * stride)
      // x - x is 0, or not a number.
      return unsafe floats.reduce(Float(0)) { $0 + ($1 - $1) } == 0
    }
    return pieces.allSatisfy { $0 }
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
