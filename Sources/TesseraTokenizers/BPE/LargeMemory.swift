#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

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
  let largePageSize = 2 << 20
  let size = count * MemoryLayout<Element>.stride
  guard size >= largePageSize else { return .allocate(capacity: count) }
  let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: largePageSize)
  #if os(Linux)
    // SAFETY: the range was just allocated; the call is advice and changes no content.
    _ = unsafe madvise(memory, size, Int32(MADV_HUGEPAGE))
  #endif
  return unsafe memory.bindMemory(to: type, capacity: count)
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
