import ArgumentParser
import Foundation  // CommandLine arguments and `exit`
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

      Example, the whole job: tessera adapt --model models/base-en --corpus corpora-samples/hi \
      --paragraphs --replay corpora-samples/en --output adapted-hi
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Jobs", subcommands: [AdaptCommand.self, ExtendCommand.self, ReportCommand.self]),
      CommandGroup(
        name: "Tokenizers",
        subcommands: [TrainCommand.self, EncodeCommand.self, DecodeCommand.self]),
      CommandGroup(
        name: "Models",
        subcommands: [
          PretrainCommand.self, EvaluateCommand.self, GenerateCommand.self, LogitsCommand.self,
        ]),
    ])

  /// The long names of the options of a verb, without dashes; empty if there is no such verb.
  static func longOptionNames(ofVerb verb: String) -> [String] {
    guard let help = try? JSONValue(parsing: Array(_dumpHelp().utf8)),
      let verbs = help["command"]?["subcommands"]?.array,
      let found = verbs.first(where: { $0["commandName"]?.string == verb })
    else { return [] }
    let names = (found["arguments"]?.array ?? []).flatMap { $0["names"]?.array ?? [] }
    return names.filter { $0["kind"]?.string == "long" }.compactMap { $0["name"]?.string }
  }

  static func main() {
    restartForFasterMatrixProducts()
    do {
      let arguments = try expandConfiguration(
        Array(CommandLine.arguments.dropFirst()), knownOptions: longOptionNames)
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      guard let status = ExitStatus(of: error) else {
        exit(withError: error)  // usage, help, version: the argument parser's own
      }
      writeToStandardError("tessera: error: \(error)\n")
      Foundation.exit(status.rawValue)
    }
  }
}
