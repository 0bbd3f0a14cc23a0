/// Floats that live as long as this object, handed out piece by piece as ``Matrix`` views.
///
/// The memory is neither cleared nor given back between uses: a pass over a model carves its
/// activations out of it, and the next pass calls ``reset(minimumCapacity:)`` and carves again.
@safe
package final class FloatMemory: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: one owner carves and resets; other threads see only views.

  /// Pieces start at multiples of this many floats, a cache line.
  package static let alignment = 16

  private var base: UnsafeMutablePointer<Float>
  private var used = 0
  /// The number of floats, a multiple of ``alignment``.
  package private(set) var capacity: Int

  /// Memory for at least a number of floats.
  package init(capacity: Int = 0) {
    self.capacity = Self.size(rowCount: 1, columnCount: capacity)
    unsafe self.base = Self.allocate(self.capacity)
  }

  deinit {
    unsafe base.deallocate()
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    // SAFETY: the block has room for `capacity` floats, is bound to them, and is released by
    // `deallocate` on the same address.
    unsafe UnsafeMutableRawPointer.allocate(
      byteCount: max(1, capacity) * MemoryLayout<Float>.stride,
      alignment: alignment * MemoryLayout<Float>.stride
    ).bindMemory(to: Float.self, capacity: max(1, capacity))
  }

  /// The number of floats that a piece takes with its padding.
  package static func size(rowCount: Int, columnCount: Int) -> Int {
    (rowCount * columnCount + alignment - 1) / alignment * alignment
  }

  /// Takes all pieces back, and grows if there is less than the given number of floats.
  ///
  /// Views that were handed out before must not be used any more.
  package func reset(minimumCapacity: Int) {
    used = 0
    guard minimumCapacity > capacity else { return }
    unsafe base.deallocate()
    capacity = Self.size(rowCount: 1, columnCount: minimumCapacity)
    unsafe base = Self.allocate(capacity)
  }

  /// The next piece, with whatever was in it.
  ///
  /// - Precondition: There is room for it.
  package func carve(_ rowCount: Int, _ columnCount: Int) -> Matrix {
    let size = Self.size(rowCount: rowCount, columnCount: columnCount)
    precondition(used + size <= capacity, "the memory is used up")
    // SAFETY: the piece lies inside the block and overlaps no other piece.
    let piece = unsafe Matrix(base: base + used, rowCount: rowCount, columnCount: columnCount)
    used += size
    return piece
  }
}
