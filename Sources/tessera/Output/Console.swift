import Foundation  // FileHandle-free writes, `isatty`, monotonic clock
import Synchronization
import TesseraBasics

/// Writes text for people: standard output is for results.
func writeToStandardError(_ text: String) {
  FileHandle.standardError.write(Data(text.utf8))
}

/// Writes a result; a closed pipe ends the process quietly through SIGPIPE.
func writeToStandardOutput(_ text: String) {
  FileHandle.standardOutput.write(Data(text.utf8))
}

/// Messages and progress on standard error, for one run of a verb.
///
/// On a terminal progress is one line that rewrites itself; elsewhere it is a line every ten
/// seconds. Work that ends within two seconds shows none.
final class Console: Sendable {
  let quiet: Bool
  private let line: Mutex<ProgressLine>

  init(quiet: Bool) {
    self.quiet = quiet
    line = Mutex(ProgressLine(isTerminal: isatty(STDERR_FILENO) == 1))
  }

  /// Prints one line for people.
  func say(_ message: String) {
    guard !quiet else { return }
    line.withLock { line in
      writeToStandardError(line.cleared() + message + "\n")
    }
  }

  /// What libraries call with their progress.
  var progress: ProgressHandler {
    { [self] update in
      guard !quiet else { return }
      line.withLock { line in
        if let text = line.text(for: update, now: ProgressLine.now()) { writeToStandardError(text) }
      }
    }
  }

  /// Removes the progress line, before a result is printed.
  func finishProgress() {
    guard !quiet else { return }
    line.withLock { writeToStandardError($0.cleared()) }
  }

  /// Prints `value` as one line of JSON on standard output.
  func printJSON(_ value: JSONValue) {
    finishProgress()
    writeToStandardOutput(String(decoding: value.serialized(pretty: false), as: UTF8.self) + "\n")
  }
}
