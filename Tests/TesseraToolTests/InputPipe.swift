import Foundation  // FileHandle, and the system's calls

/// A pipe into a process, for tests that have to know that it has begun to read.
///
/// The test keeps the reading end open as well, so that a process that ends early is no broken pipe,
/// which would kill the tests; writing does not wait, so that it cannot wait for ever.
final class InputPipe {
  /// What the process is to read from.
  let readingEnd: FileHandle
  private var writingEnd: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    // SAFETY: the call stores two numbers, and there is room for them.
    guard unsafe pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
    // Another process that tests start at the same time must not keep the pipe open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    readingEnd = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    writingEnd = ends[1]
  }

  deinit { endInput() }

  /// Writes all bytes, as far as somebody reads them.
  ///
  /// - Parameters:
  ///   - bytes: The bytes.
  ///   - isRead: Whether there still is a reader.
  func write(_ bytes: [UInt8], while isRead: () -> Bool) {
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        // SAFETY: `done` is below the buffer's size, so address and size stay inside it.
        let count = unsafe Foundation.write(
          writingEnd, buffer.baseAddress! + done, buffer.count - done)
        if count > 0 {
          done += count
        } else if isRead() {
          usleep(1_000)
        } else {
          return
        }
      }
    }
  }

  /// Ends what the process reads.
  func endInput() {
    if writingEnd >= 0 { close(writingEnd) }
    writingEnd = -1
  }
}
