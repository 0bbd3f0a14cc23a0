import TesseraBasics

/// Elements per call of the fork.
private let chunkSize = 1 << 18

/// Sets all elements of an array to zero, on all threads: one of them alone is slower than the memory.
///
/// - Complexity: O(n) time, 4 bytes of memory traffic for each element.
public func clear(_ values: inout [Float]) {
  unsafe values.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    // SAFETY: the view has the array's size, and is used inside this closure.
    let view = unsafe Matrix(base: base, rowCount: 1, columnCount: buffer.count)
    parallelFor(0..<view.columnCount, grain: chunkSize) { range in
      view.columns(range).fill(with: 0)
    }
  }
}
