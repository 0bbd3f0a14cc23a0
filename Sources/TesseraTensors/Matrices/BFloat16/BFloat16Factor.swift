internal import CTesseraKernels

/// A matrix in bf16, in the order in which products read it as their left or right factor.
///
///   output[r, c] = sum over i of left[r, i] * right[c, i]
///
/// Both factors are packed with their components, the inner size of the product, along their rows, from
/// floats that lie the same way or transposed. Numbers are rounded to nearest, ties to even; subnormal ones
/// become zero, a not-a-number stays one, and numbers too large for bf16 become infinite.
///
/// A factor owns its memory, two bytes for each number and padding. A weight is packed once for many
/// products; factors of activations are packed for each product, into memory that is used again.
///
///     let weight = BFloat16Factor(.right, rowCount: 3_072, width: 768)
///     weight.pack(floats)
///     let input = BFloat16Factor(.left, rowCount: 256, width: 768)
///     input.pack(activations)
///     multiply(into: output, input, transposed: weight)
@safe
package final class BFloat16Factor: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: one owner resets; a fork that packs hands disjoint parts to its
  // calls, and products read what was packed before the fork they run in.

  /// Which factor of a product it is.
  package enum Side: Hashable, Sendable { case left, right }

  /// Parts of a factor begin at rows that are multiples of this.
  package static let rowAlignment = Int(TK_BF16_BLOCK_ROWS)
  /// Parts of a factor begin at components that are multiples of this.
  package static let componentAlignment = Int(TK_BF16_BLOCK_WIDTH)

  /// Which factor of a product it is.
  package let side: Side
  /// The number of rows.
  package private(set) var rowCount = 0
  /// The number of components of a row.
  package private(set) var width = 0
  /// The numbers that there is memory for.
  private var capacity = 0
  private var base: UnsafeMutablePointer<UInt16>

  /// A factor of a shape, with whatever was in its memory.
  package init(_ side: Side, rowCount: Int = 0, width: Int = 0) {
    self.side = side
    unsafe base = Self.allocate(0)
    reset(rowCount: rowCount, width: width)
  }

  deinit {
    unsafe base.deallocate()
  }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<UInt16> {
    // SAFETY: the block has room for `count` numbers, is bound to them, and is released by `deallocate` on
    // the same address. It begins at a cache line, as blocks that are read at once do then.
    unsafe UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<UInt16>.stride, alignment: 64
    ).bindMemory(to: UInt16.self, capacity: max(1, count))
  }

  /// The size of a row in memory, with its padding.
  private var length: Int { Self.padded(width, to: Self.componentAlignment) }

  private static func padded(_ count: Int, to multiple: Int) -> Int {
    (count + multiple - 1) / multiple * multiple
  }

  /// The number of bytes that a factor of a shape takes.
  package static func byteSize(rowCount: Int, width: Int) -> Int {
    padded(rowCount, to: rowAlignment) * padded(width, to: componentAlignment)
      * MemoryLayout<UInt16>.stride
  }

  /// Gives the factor another shape, and more memory if it needs it; what was packed is lost.
  package func reset(rowCount: Int, width: Int) {
    precondition(rowCount >= 0 && width >= 0, "sizes are not negative")
    let count = Self.byteSize(rowCount: rowCount, width: width) / MemoryLayout<UInt16>.stride
    if count > capacity {
      unsafe base.deallocate()
      unsafe base = Self.allocate(count)
      capacity = count
    }
    self.rowCount = rowCount
    self.width = width
  }

  /// Rounds and packs the rows of a matrix, on the calling thread.
  ///
  /// - Parameters:
  ///   - matrix: The floats, `[rows, components]`.
  ///   - row: The row of the factor where the first one goes, a multiple of ``rowAlignment``.
  ///   - component: The component where they begin, a multiple of ``componentAlignment``.
  /// - Precondition: The part begins at such multiples, and ends at such or where the factor does; the
  ///   processor has ``BFloat16Instructions``.
  /// - Complexity: O(rows * components) time.
  package func pack(_ matrix: Matrix, row: Int = 0, component: Int = 0) {
    pack(
      matrix, rows: row..<row + matrix.rowCount,
      components: component..<component + matrix.columnCount, isTransposed: false)
  }

  /// Rounds and packs the columns of a matrix as rows of the factor, on the calling thread.
  ///
  /// - Parameters:
  ///   - matrix: The floats, `[components, rows]`.
  ///   - row: The row of the factor where the first column goes, a multiple of ``rowAlignment``.
  ///   - component: The component where they begin, a multiple of ``componentAlignment``.
  /// - Precondition: The part begins at such multiples, and ends at such or where the factor does; the
  ///   processor has ``BFloat16Instructions``.
  /// - Complexity: O(rows * components) time.
  package func pack(transposed matrix: Matrix, row: Int = 0, component: Int = 0) {
    pack(
      matrix, rows: row..<row + matrix.columnCount,
      components: component..<component + matrix.rowCount, isTransposed: true)
  }

  private func pack(
    _ matrix: Matrix, rows: Range<Int>, components: Range<Int>, isTransposed: Bool
  ) {
    precondition(!BFloat16Instructions.available.isEmpty, "the processor has instructions for bf16")
    precondition(
      Self.isPart(rows, of: rowCount, alignment: Self.rowAlignment), "whole blocks of rows")
    precondition(
      Self.isPart(components, of: width, alignment: Self.componentAlignment),
      "whole blocks of components")
    if rows.isEmpty || components.isEmpty { return }
    let pack = unsafe side == .left ? tk_bf16_pack_left : tk_bf16_pack_right
    // SAFETY: the part is inside the factor, blocks that it does not fill are at the factor's ends and
    // have memory, and the matrix has the part's floats.
    unsafe pack(
      base + rows.lowerBound * length + components.lowerBound * Self.rowAlignment,
      Int64(length), matrix.base, Int64(matrix.stride), Int64(rows.count), Int64(components.count),
      isTransposed ? 1 : 0)
  }

  /// Whether a range begins and ends at multiples or at the end of the whole.
  static func isPart(_ range: Range<Int>, of count: Int, alignment: Int) -> Bool {
    range.lowerBound >= 0 && range.upperBound <= count
      && (range.isEmpty || range.lowerBound % alignment == 0)
      && (range.upperBound % alignment == 0 || range.upperBound == count)
  }

  /// Where some rows begin.
  ///
  /// - Precondition: `row` is a multiple of ``rowAlignment`` inside the factor.
  @unsafe
  func packedRows(from row: Int) -> UnsafePointer<UInt16> {
    precondition(row >= 0 && row <= rowCount && row % Self.rowAlignment == 0)
    return unsafe UnsafePointer(base + row * length)
  }

  /// One number, for tests: products read blocks.
  subscript(row: Int, component: Int) -> BFloat16 {
    precondition(row >= 0 && row < rowCount && component >= 0 && component < width)
    let (blockRow, blockComponent) = (row % Self.rowAlignment, component % Self.componentAlignment)
    let index =
      switch side {
      case .left: blockRow * Self.componentAlignment + blockComponent
      case .right: (blockComponent / 2 * Self.rowAlignment + blockRow) * 2 + blockComponent % 2
      }
    let block = (row - blockRow) * length + (component - blockComponent) * Self.rowAlignment
    // SAFETY: the indices are checked, and blocks have memory to their ends.
    return unsafe BFloat16(bitPattern: base[block + index])
  }
}
