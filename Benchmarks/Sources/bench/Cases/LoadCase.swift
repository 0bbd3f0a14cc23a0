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
    var seconds: [Double] = []
    var size = 0
    let clock = ContinuousClock()
    for _ in 0..<rounds {
      let start = clock.now
      let tokenizer = try Tokenizer(contentsOf: tokenizer)
      let duration = clock.now - start
      seconds.append(
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18)
      size = tokenizer.vocabularySize
      guard try tokenizer.decode(tokenizer.encode("One fine day")) == Array("One fine day".utf8)
      else { throw WrongResult(description: "the text does not come back") }
    }
    let sorted = seconds.sorted()
    let result: JSONValue = [
      "vocabulary_size": JSONValue(size), "rounds": JSONValue(rounds),
      "first_seconds": JSONValue(seconds[0]), "minimum_seconds": JSONValue(sorted[0]),
      "median_seconds": JSONValue(sorted[rounds / 2]),
    ]
    print(String(decoding: result.serialized(pretty: false), as: UTF8.self))
  }
}
