import ArgumentParser
import Synchronization
import TesseraBasics

/// The options that every verb has.
struct CommonOptions: ParsableArguments {
  @Option(
    help: "A YAML file with options of this verb, by their long names; the command line wins.",
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @Option(help: "Worker threads. The result does not depend on it. (default: all processors)")
  var threads: Int?

  @Flag(help: "Print the result as one JSON object on standard output.")
  var json = false

  @Flag(help: "No progress and no messages on standard error, only errors and warnings.")
  var quiet = false

  mutating func validate() throws {
    if let threads, !(1...1_024).contains(threads) {
      throw ValidationError("--threads must be between 1 and 1024, not \(threads)")
    }
  }

  /// Applies the options to the process, and returns what shows progress and messages.
  func start() -> Console {
    if let threads { Workers.setThreadCount(threads) }
    let console = Console(quiet: quiet)
    Console.current.withLock { $0 = console }
    return console
  }
}
