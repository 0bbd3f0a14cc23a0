/// Changes each element of an array in place, on all workers.
///
/// For large elements that nobody should copy: where an element is an array that nothing else
/// holds, the body changes its memory and not a copy of it.
///
/// - Parameters:
///   - elements: The array.
///   - body: Gets each index exactly once, with its element, several at the same time.
public func parallelUpdate<Element: Sendable>(
  _ elements: inout [Element], _ body: @Sendable (Int, inout Element) -> Void
) {
  let count = elements.count
  unsafe elements.withUnsafeMutableBufferPointer { buffer in
    // SAFETY: `parallelFor` gives each index to exactly one call of its body, so no two threads
    // touch the same element, and it returns after the last call, inside this closure.
    nonisolated(unsafe) let buffer = unsafe buffer
    parallelFor(0..<count) { chunk in
      for index in chunk { unsafe body(index, &buffer[index]) }
    }
  }
}
