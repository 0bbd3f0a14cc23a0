import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// `bench split`: the pre-tokens of a file, counted several times over, or their sizes.
struct SplitCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split", abstract: "Split a file into pre-tokens.")

  @Argument(help: "A text file, or a file of JSON lines with a text in each.")
  var file: String

  @Option(help: "A name or a regular expression.", transform: parsePattern)
  var pattern = PreTokenizerPattern.o200k

  @Flag(help: "Compile the expression of a named pattern instead of using its scanner.")
  var compiled = false

  @Option(help: "How often the file is split; the fastest time counts.")
  var rounds = 5

  @Option(help: "Split only so many bytes of the file.")
  var limit = Int.max

  @Flag(help: "Print the sizes of the pre-tokens in bytes, one text in a line.")
  var sizes = false

  func run() throws {
    var pattern = pattern
    if compiled {
      guard let expression = pattern.huggingFaceExpression else {
        throw ValidationError("\(pattern.rawValue) is not one expression")
      }
      pattern = .expression(try PatternExpression(expression))
    }
    let preTokenizer = PreTokenizer(pattern: pattern)
    let bytes = Array(try readFile(file, limit: .max).prefix(limit))
    if sizes {
      try texts(bytes).forEach { print(line(of: $0, preTokenizer)) }
      return
    }
    var count = 0
    let times = (0..<rounds).map { _ in
      measure {
        count = 0
        preTokenizer.forEachPreToken(in: bytes.span) { _ in count += 1 }
      }.1
    }
    guard let fastest = times.min(by: { $0.processorSeconds < $1.processorSeconds }) else {
      throw ValidationError("--rounds must be at least 1")
    }
    printResult(
      [
        "bytes": JSONValue(bytes.count), "pre_tokens": JSONValue(count),
        "bytes_per_second": JSONValue(Double(bytes.count) / fastest.processorSeconds),
      ], times: fastest, peakMemory: peakMemory())
  }

  /// The whole file, or the texts of its lines.
  private func texts(_ bytes: [UInt8]) throws -> [[UInt8]] {
    guard file.hasSuffix(".jsonl") else { return [bytes] }
    return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
      guard let text = try JSONValue(parsing: Array(line))["text"]?.string else {
        throw WrongResult(description: "a line of \(file) has no text")
      }
      return Array(text.utf8)
    }
  }

  private func line(of text: [UInt8], _ preTokenizer: PreTokenizer) -> String {
    var line = ""
    preTokenizer.forEachPreToken(in: text.span) { line += "\($0.count) " }
    return line
  }
}

/// The pattern of a name or a regular expression.
func parsePattern(_ argument: String) throws -> PreTokenizerPattern {
  try PreTokenizerPattern(rawValue: argument)
    ?? PreTokenizerPattern(huggingFaceExpression: argument)
}
