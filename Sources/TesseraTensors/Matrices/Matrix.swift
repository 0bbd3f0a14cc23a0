/// A row-major rectangle of floats in memory that something else owns.
///
/// Layers cut activations, parameters and scratch memory into such views and hand them to kernels,
/// which may run on several threads at once. Cutting checks bounds, so a view never reaches past
/// the one that it was cut from. A view neither owns nor retains: it is valid as long as the
/// ``FloatMemory`` or the closure that lent it. Two threads may not write to one element, nor read
/// what another writes; a fork hands disjoint rows or columns to its calls.
@safe
package struct Matrix: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: the type is a pointer with bounds. Code that forks gives each
  // call its own rectangle to write, and says so at the fork.

  /// The first element.
  package let base: UnsafeMutablePointer<Float>
  /// The number of rows.
  package let rowCount: Int
  /// The number of floats in a row.
  package let columnCount: Int
  /// The distance from a row to the next, in floats.
  package let stride: Int

  /// A view of memory that the caller vouches for.
  ///
  /// The memory from `base` to the end of the last row must stay valid while the view is in use.
  @unsafe
  package init(
    base: UnsafeMutablePointer<Float>, rowCount: Int, columnCount: Int, stride: Int? = nil
  ) {
    let stride = stride ?? columnCount
    precondition(rowCount >= 0 && columnCount >= 0 && stride >= columnCount)
    unsafe self.base = base
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.stride = stride
  }

  /// The number of elements.
  package var count: Int { rowCount * columnCount }

  /// Whether the rows follow each other without gaps.
  package var isContiguous: Bool { stride == columnCount || rowCount <= 1 }

  /// Some of the rows.
  package func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rowCount, "rows out of bounds")
    // SAFETY: the range is inside this view.
    return unsafe Matrix(
      base: base + range.lowerBound * stride, rowCount: range.count, columnCount: columnCount,
      stride: stride)
  }

  /// Some of the columns.
  package func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columnCount, "columns out of bounds")
    // SAFETY: the range is inside this view.
    return unsafe Matrix(
      base: base + range.lowerBound, rowCount: rowCount, columnCount: range.count, stride: stride)
  }

  /// The same floats with another number of columns.
  ///
  /// - Precondition: The view is contiguous, and has at least as many elements.
  package func reshaped(rowCount: Int, columnCount: Int) -> Matrix {
    precondition(isContiguous && rowCount * columnCount <= count, "the shape needs more floats")
    // SAFETY: the new rectangle is a prefix of this view's floats.
    return unsafe Matrix(base: base, rowCount: rowCount, columnCount: columnCount)
  }

  /// One element.
  package subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rowCount && column >= 0 && column < columnCount)
      // SAFETY: both indices are checked.
      return unsafe base[row * stride + column]
    }
    nonmutating set {
      precondition(row >= 0 && row < rowCount && column >= 0 && column < columnCount)
      // SAFETY: both indices are checked.
      unsafe base[row * stride + column] = newValue
    }
  }

  /// Sets every element.
  package func fill(with value: Float) {
    for row in 0..<rowCount {
      // SAFETY: the row is inside the view.
      unsafe (base + row * stride).update(repeating: value, count: columnCount)
    }
  }

  /// Copies the elements of a matrix of the same shape.
  package func copy(from source: Matrix) {
    precondition(source.rowCount == rowCount && source.columnCount == columnCount)
    if isContiguous && source.isContiguous {
      // SAFETY: both views hold `count` floats in a row.
      unsafe base.update(from: source.base, count: count)
      return
    }
    for row in 0..<rowCount {
      // SAFETY: the row is inside both views.
      unsafe (base + row * stride).update(
        from: source.base + row * source.stride, count: columnCount)
    }
  }

  /// Copies elements that lie in an array, row after row.
  ///
  /// - Precondition: There are as many.
  package func copy(from elements: Span<Float>) {
    precondition(elements.count == count, "there is a float for each element")
    unsafe elements.withUnsafeBufferPointer { source in
      guard let source = source.baseAddress else { return }
      for row in 0..<rowCount {
        // SAFETY: the row is inside the view, and the array has as many floats as the view.
        unsafe (base + row * stride).update(from: source + row * columnCount, count: columnCount)
      }
    }
  }

  /// The elements, row after row.
  package func elements() -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: count) { output, initializedCount in
      if let target = output.baseAddress {
        for row in 0..<rowCount {
          // SAFETY: the row is inside the view, and the array has room for all of them.
          unsafe (target + row * columnCount).initialize(
            from: base + row * stride, count: columnCount)
        }
      }
      // An array for no elements may have no address.
      initializedCount = count
    }
  }
}

extension Matrix {
  /// Lends one row to a body.
  package func withRow<Result>(_ row: Int, _ body: (Span<Float>) -> Result) -> Result {
    precondition(row >= 0 && row < rowCount, "row out of bounds")
    // SAFETY: the row is inside the view, which is valid for the call.
    let elements = unsafe UnsafeBufferPointer(start: base + row * stride, count: columnCount)
    return unsafe body(Span(_unsafeElements: elements))
  }
}
