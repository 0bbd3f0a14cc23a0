#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Has the system provide the memory of a growing array, some pages at a time.
///
/// The first write to each page of new memory interrupts the program. To ask for 64 of them at once
/// takes half the time, and writes nothing that is not going to be written. Systems that do not take
/// such requests provide each page when it is written to.
struct MemoryAhead {
  /// The capacity of the array when memory was last asked for.
  private var capacity = 0
  /// Up to how many elements it was asked for.
  private var end = 0

  private static let step = 1 << 16

  /// Asks for what follows if `count` elements are more than there is memory for.
  @inline(__always)
  mutating func provide(_ count: Int, of array: inout [TokenID]) {
    if count > end || array.capacity != capacity { provideMore(count, of: &array) }
  }

  @inline(never)
  private mutating func provideMore(_ count: Int, of array: inout [TokenID]) {
    capacity = array.capacity
    let first = array.count
    end = max(count, first + Self.step)
    // Small arrays are in memory that is used again and again.
    guard end <= capacity else { return }
    #if os(Linux)
      let pageSize = 4096
      let populateWrite: Int32 = 23
      unsafe array.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        let start = unsafe UnsafeMutableRawPointer(base + first)
          .alignedDown(toMultipleOf: pageSize)
        let end = unsafe UnsafeMutableRawPointer(base + end).alignedDown(toMultipleOf: pageSize)
        // SAFETY: all of it is up to the array's capacity, or on the page on which the array begins.
        // The call changes no content.
        _ = unsafe madvise(start, end - start, populateWrite)
      }
    #endif
  }
}
