#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Has the system provide memory that is about to be written, all of its pages at once.
///
/// Else the first write to each page interrupts the program, which takes twice the time. Systems that
/// do not take such requests provide each page when it is written to. No content changes.
///
/// - Parameters:
///   - start: Memory of the caller.
///   - end: Where it ends. The page in which it ends is left out.
@unsafe
public func provideMemory(_ start: UnsafeMutableRawPointer, to end: UnsafeMutableRawPointer) {
  #if os(Linux)
    let pageSize = 4096
    let populateWrite: Int32 = 23
    let start = unsafe start.alignedDown(toMultipleOf: pageSize)
    let end = unsafe end.alignedDown(toMultipleOf: pageSize)
    if unsafe end - start < pageSize { return }
    // SAFETY: the pages are the caller's, or in part memory beside it, in which nothing changes.
    _ = unsafe madvise(start, end - start, populateWrite)
  #endif
}
