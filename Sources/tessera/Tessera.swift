import ArgumentParser
import Foundation  // CommandLine arguments and `exit`
import Synchronization
import TesseraBasics
import TesseraTensors

/// The command line: one verb a file in `Commands/`, errors turned into exit statuses here.
@main
struct Tessera: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "tessera",
    abstract: "Give a language model a new language.",
    discussion: """
      Trains a tokenizer, extends the vocabulary of a checkpoint and adapts the model to a corpus, \
      on an ordinary machine. Results go to standard output, progress and messages to standard \
      error.

      Example, the whole job:
        tessera adapt --model models/base-en --corpus corpora-samples/hi \\
          --paragraphs --replay corpora-samples/en --output adapted-hi
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Jobs",
        subcommands: [
          AdaptCommand.self, ExtendCommand.self, RestoreCommand.self, CompareCommand.self,
          ReportCommand.self,
        ]),
      CommandGroup(
        name: "Tokenizers",
        subcommands: [
          TrainCommand.self, CountCommand.self, MergeCountsCommand.self, EncodeCommand.self,
          DecodeCommand.self, ShardCommand.self, ConvertCommand.self, MeasureCommand.self,
          InspectCommand.self,
          TrimCommand.self, VectorsCommand.self,
        ]),
      CommandGroup(
        name: "Models",
        subcommands: [
          PretrainCommand.self, ContinueCommand.self, MergeCommand.self, EvaluateCommand.self,
          GenerateCommand.self,
          LogitsCommand.self,
        ]),
    ])

  static func main() {
    StandardStreams.prepare()
    restartForMatrixProducts()
    var invocation: Invocation?
    do {
      let words = Array(CommandLine.arguments.dropFirst())
      let parsed = try Invocation(words)
      invocation = parsed
      Invocation.current.withLock { $0 = parsed }
      var command = try command(of: parsed)
      try command.run()
    } catch {
      end(with: error, of: invocation)
    }
  }

  /// The command that an invocation asks for, with its options checked, and not yet run.
  static func command(of invocation: Invocation) throws -> any ParsableCommand {
    try parseAsRoot(invocation.arguments)
  }

  /// Says what went wrong, and ends the process with the status that tells programs.
  private static func end(with error: any Error, of invocation: Invocation?) -> Never {
    if StandardStreams.isClosedPipe(error) { StandardStreams.endByClosedPipe() }
    Console.current.withLock { $0 }?.finishProgress()
    if let interruption = Interrupted(error) {
      writeToStandardError("tessera: \(interruption.message)\n")
      Foundation.exit(Interrupted.exitStatus)
    }
    let help = "tessera help" + (invocation?.verb.map { " \($0)" } ?? "")
    if let status = ExitStatus(of: error) { fail("\(error)", status, help: help) }
    // What is left is the argument parser's: usage, help, version, and statuses without words.
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    switch exitCode(for: error) {
    case .success:
      do {
        try writeToStandardOutput(fullMessage(for: error) + "\n")
      } catch {
        end(with: error, of: nil)
      }
      Foundation.exit(ExitCode.success.rawValue)
    case .validationFailure:
      let reason = sentence(of: message(for: error))
      if let blame = invocation?.blame(for: reason) { fail("\(blame)", .configuration, help: help) }
      fail(reason, .usage, help: help)
    default: fail("\(error)", .internalFault, help: help)
    }
  }

  /// Ends the process with one line for the error and, for usage errors, one that says where help is.
  private static func fail(_ reason: String, _ status: ExitStatus, help: String) -> Never {
    var text = "tessera: error: \(reason)\n"
    if status == .usage { text += "see \(help)\n" }
    writeToStandardError(text)
    Foundation.exit(status.rawValue)
  }

  /// The argument parser's words as one line in our manner: no capital, no full stop.
  private static func sentence(of message: String) -> String {
    var text = message.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    if text.hasSuffix(".") { text.removeLast() }
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
