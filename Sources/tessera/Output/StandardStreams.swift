import Foundation  // write, poll, signal, fcntl
import Synchronization
import TesseraBasics

/// The three streams that every process starts with, as the system has them.
///
/// A terminal that is gone, a full disk behind `>`, a reader that has left: none of them may stop a
/// run that has hours of work to save. Messages that nobody can read are dropped; a result that
/// cannot be written is an error like that of any other file.
enum StandardStreams {
  /// What errors call standard output.
  static let outputName = "standard output"

  /// How many bytes of results have been written.
  private static let writtenCount = Atomic<Int>(0)

  /// Makes a closed pipe an error of the call that writes, and keeps the numbers of streams that are
  /// closed from files that are opened later.
  static func prepare() {
    _ = signal(SIGPIPE, SIG_IGN)
    // A file that grows beyond the limit of its user is an error as a full disk is.
    _ = signal(SIGXFSZ, SIG_IGN)
    for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
      // Takes the smallest free number, which is this one. Opened the wrong way around, so that using
      // the stream is still an error.
      // SAFETY: Swift passes a copy of the path that ends with zero and lives through the call.
      _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Writes a result.
  ///
  /// - Throws: `FileError.writeFailed`.
  static func writeToOutput(_ bytes: [UInt8]) throws(FileError) {
    let (count, failure) = write(bytes, to: STDOUT_FILENO)
    let offset = writtenCount.add(count, ordering: .relaxed).newValue
    if failure != 0 { throw .writeFailed(path: outputName, offset: offset, errno: failure) }
  }

  /// Writes what people read; where that is impossible there is nobody to tell.
  static func writeToError(_ text: String) {
    _ = write(Array(text.utf8), to: STDERR_FILENO)
  }

  /// Whether an error says that the reader of standard output has left.
  static func isClosedPipe(_ error: any Error) -> Bool {
    if case FileError.writeFailed(outputName, _, EPIPE) = error { true } else { false }
  }

  /// Ends the process as one that nobody reads from any more, as the system would have done.
  static func endByClosedPipe() -> Never {
    _ = signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    exit(128 + SIGPIPE)
  }

  /// Writes all bytes unless there is an error, and returns how many, with the error's number or 0.
  private static func write(_ bytes: [UInt8], to number: Int32) -> (count: Int, errno: Int32) {
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        // SAFETY: `done` is below the buffer's size, so address and size stay inside it.
        let count = unsafe Foundation.write(
          number, buffer.baseAddress! + done, buffer.count - done)
        if count > 0 {
          done += count
        } else if count < 0, errno == EAGAIN {
          // The stream is shared with a program that reads it without waiting.
          var request = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
          // SAFETY: the call looks at one request, which lives through it.
          _ = unsafe poll(&request, 1, -1)
        } else if count == 0 || errno != EINTR {
          return (done, count == 0 ? EIO : errno)
        }
      }
      return (done, 0)
    }
  }
}

/// Writes text for people: standard output is for results.
func writeToStandardError(_ text: String) { StandardStreams.writeToError(text) }

/// Writes a result.
func writeToStandardOutput(_ text: String) throws(FileError) {
  try StandardStreams.writeToOutput(Array(text.utf8))
}
