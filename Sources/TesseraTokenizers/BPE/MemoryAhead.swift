internal import TesseraBasics

/// Has the system provide the memory of a growing array, some pages at a time.
///
/// The first write to each page of new memory interrupts the program. To ask for 64 of them at once
/// takes half the time. Systems that do not take such requests provide each page when it is written to.
struct MemoryAhead {
  /// Up to how many elements there is memory, as far as is known.
  private var end: Int

  /// Few elements are in memory that is used again and again, so asking for it would be in vain.
  private static let firstStep = 1 << 14
  private static let step = 1 << 16

  /// - Parameter count: How many elements the array has.
  init(after count: Int) { end = count + Self.firstStep }

  /// Asks for what follows if `count` elements are more than there is memory for.
  ///
  /// - Precondition: All elements behind those that the array had at first were appended to it.
  @inline(__always)
  mutating func provide(_ count: Int, of array: inout [TokenID]) {
    if count > end { provideMore(count, of: &array) }
  }

  @inline(never)
  private mutating func provideMore(_ count: Int, of array: inout [TokenID]) {
    let first = array.count
    let capacity = array.capacity
    end = max(count, first + Self.step)
    guard end <= capacity else { return }
    unsafe array.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      // SAFETY: the array was appended to, so nobody shares its memory, and this call gets all of it.
      // What is asked for is up to its capacity.
      unsafe provideMemory(UnsafeMutableRawPointer(base + first), to: base + end)
    }
  }
}
