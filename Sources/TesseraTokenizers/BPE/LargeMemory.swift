#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

private let largePageSize = 2 << 20
private let cacheLineSize = 64

/// Allocates memory for tables that are read at random places.
///
/// Such a read in a table of many megabytes first misses the processor's table of pages. From two
/// MiB on the memory is therefore aligned to large pages, and the system is asked for them where it
/// takes requests; everything works without them.
///
/// - Returns: Memory that is not initialized; the caller deallocates it.
@unsafe
func allocateLarge<Element>(
  _ type: Element.Type, count: Int
) -> UnsafeMutablePointer<Element> {
  let size = count * MemoryLayout<Element>.stride
  guard size >= largePageSize else { return .allocate(capacity: count) }
  let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: largePageSize)
  // SAFETY: the range was just allocated.
  unsafe adviseLargePages(memory, size)
  return unsafe memory.bindMemory(to: type, capacity: count)
}

@unsafe
private func adviseLargePages(_ memory: UnsafeMutableRawPointer, _ size: Int) {
  #if os(Linux)
    // SAFETY: the caller owns the range; the call is advice and changes no content.
    _ = unsafe madvise(memory, size, Int32(MADV_HUGEPAGE))
  #endif
}

/// Memory of zeros for a table that is read at random places, as ``allocateLarge(_:count:)`` gives it.
///
/// New memory of the system is zeros already, and clearing it once more would cost as much again.
@safe
struct ZeroedMemory<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): it is written by its one owner only, or as its owner says.
  /// The elements, all bits of which are zeros at first.
  let pointer: UnsafeMutablePointer<Element>
  /// The number of elements.
  let count: Int
  private let allocated: UnsafeMutableRawPointer

  /// - Parameters:
  ///   - count: The number of elements.
  ///   - smallSize: How many bytes at the beginning are often the only ones that are used; large pages
  ///     would be more than that.
  init(count: Int, smallSize: Int = 0) {
    let size = max(1, count) * MemoryLayout<Element>.stride
    let alignment = size >= largePageSize ? largePageSize : cacheLineSize
    // Without memory there is no way on: Swift's own allocations end the process as well.
    guard let memory = unsafe calloc(1, size + alignment) else { fatalError("out of memory") }
    unsafe allocated = memory
    // SAFETY: aligning moves by less than what is allocated beyond the size. All elements can be
    // zeros.
    let aligned = unsafe memory.alignedUp(toMultipleOf: alignment)
    if alignment == largePageSize, smallSize < size {
      unsafe adviseLargePages(aligned + smallSize, size - smallSize)
    }
    unsafe pointer = aligned.bindMemory(to: Element.self, capacity: count)
    self.count = count
  }

  deinit { unsafe free(allocated) }
}

/// Copies an array to memory of ``allocateLarge(_:count:)``.
@unsafe
func copyLarge<Element: BitwiseCopyable>(_ array: [Element]) -> UnsafeMutablePointer<Element> {
  let memory = unsafe allocateLarge(Element.self, count: max(1, array.count))
  // SAFETY: there is room for the whole array.
  unsafe array.withUnsafeBufferPointer {
    if let base = $0.baseAddress { unsafe memory.initialize(from: base, count: $0.count) }
  }
  return unsafe memory
}
