import Dispatch  // a timer for work that reports no progress
import Foundation  // isatty
import Synchronization
import TesseraBasics

/// Messages and progress on standard error, for one run of a verb.
///
/// On a terminal progress is one line that rewrites itself; elsewhere it is a line every ten
/// seconds. Work that ends within two seconds shows none.
final class Console: Sendable {
  let quiet: Bool
  private let line: Mutex<ProgressLine>

  /// The one of the verb that this process runs.
  static let current = Mutex<Console?>(nil)

  init(quiet: Bool) {
    self.quiet = quiet
    line = Mutex(ProgressLine(isTerminal: isatty(STDERR_FILENO) == 1))
  }

  /// Prints one line for people.
  func say(_ message: String) {
    if !quiet { write(message) }
  }

  /// Prints what people have to know, also where they asked for no messages.
  func warn(_ message: String) { write("tessera: warning: \(message)") }

  private func write(_ message: String) {
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

  /// Does work that reports no progress of its own, and says for how long it has been going on.
  ///
  /// What the work itself reports takes the line's place until the next tick.
  func during<Result>(_ phase: String, _ work: () throws -> Result) rethrows -> Result {
    guard !quiet else { return try work() }
    let isDone = Mutex(false)
    let start = ProgressLine.now()
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + 2, repeating: 1)
    timer.setEventHandler { [self] in
      isDone.withLock { isDone in
        guard !isDone else { return }
        line.withLock { line in
          let text = line.text(forWaiting: phase, since: start, now: ProgressLine.now())
          if let text { writeToStandardError(text) }
        }
      }
    }
    timer.resume()
    defer {
      timer.cancel()
      isDone.withLock { $0 = true }
      finishProgress()
    }
    return try work()
  }

  /// Removes the progress line, before a result is printed.
  func finishProgress() {
    guard !quiet else { return }
    line.withLock { line in
      let text = line.cleared()
      if !text.isEmpty { writeToStandardError(text) }
    }
  }

  /// Prints `value` as one line of JSON on standard output.
  func printJSON(_ value: JSONValue) throws {
    finishProgress()
    try StandardStreams.writeToOutput(value.serialized(pretty: false) + [UInt8(ascii: "\n")])
  }
}
