import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// `bench load`: how long it takes until a tokenizer can encode.
struct LoadCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Load a tokenizer again and again.",
    discussion: "The first time counts what is made once in a process as well.")

  @Argument(help: "A tokenizer's folder or file.")
  var tokenizer: String

  @Option(help: "How often it is loaded.")
  var rounds = 21

  func run() throws {
    Workers.setThreadCount(1)
    var times: [Measurement] = []
    var size = 0
    for _ in 0..<rounds {
      let (loaded, time) = try measure { try Tokenizer(contentsOf: tokenizer) }
      times.append(time)
      size = loaded.vocabularySize
      guard try loaded.decode(loaded.encode("One fine day")) == Array("One fine day".utf8)
      else { throw WrongResult(description: "the text does not come back") }
    }
    printLine([
      "vocabulary_size": JSONValue(size), "rounds": JSONValue(rounds),
      "first_cpu_seconds": JSONValue(times[0].processorSeconds),
      "cpu_seconds": JSONValue(median(times.map(\.processorSeconds))),
      "seconds": JSONValue(median(times.map(\.seconds))),
    ])
  }
}
