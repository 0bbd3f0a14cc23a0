import TesseraBasics

/// Elements per call of the fork.
private let chunkSize = 1 << 18

/// Sets elements of an array to zero, on all threads: one of them alone is slower than the memory.
///
/// - Parameters:
///   - values: The array.
///   - ranges: Which of them, inside of the array and apart from each other; nil for all.
/// - Complexity: O(n) time, 4 bytes of memory traffic for each element.
public func clear(_ values: inout [Float], _ ranges: [Range<Int>]? = nil) {
  unsafe values.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    // SAFETY: the view has the array's size, and is used inside this closure.
    let view = unsafe Matrix(base: base, rowCount: 1, columnCount: buffer.count)
    let chunks = (ranges ?? [0..<view.columnCount]).flatMap { range in
      stride(from: range.lowerBound, to: range.upperBound, by: chunkSize).map {
        $0..<min($0 + chunkSize, range.upperBound)
      }
    }
    parallelFor(0..<chunks.count) { indices in
      for chunk in chunks[indices] { view.columns(chunk).fill(with: 0) }
    }
  }
}

/// Memory for as many floats, with whatever is in it: pages that nobody writes to take no memory.
public func uninitializedFloats(count: Int) -> [Float] {
  // SAFETY: all bits of a float are some number; callers write what they are going to read.
  unsafe [Float](unsafeUninitializedCapacity: count) { $1 = count }
}
