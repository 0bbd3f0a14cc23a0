import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// `bench train`: a vocabulary out of a file.
struct TrainCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a byte-level BPE vocabulary.")

  @Argument(help: "A text file; it is one document.")
  var file: String

  @Option(name: .customLong("vocab-size"), help: "Tokens of the vocabulary.")
  var vocabularySize = 32_000

  @Option(help: "The pre-tokenizer pattern.")
  var pattern = PreTokenizerPattern.o200k

  @Option(help: "Which of equally frequent pairs is merged first.")
  var tie = TieOrder.hf

  @Option(help: "The number of threads.")
  var threads = 1

  func run() throws {
    Workers.setThreadCount(threads)
    var options = BPETrainerOptions(vocabularySize: vocabularySize)
    options.tie = tie
    options.pattern = pattern

    let (trained, times) = try measure {
      let counted = try countPreTokens(in: Corpus(paths: [file]), options.counting)
      return try BPETrainer.train(on: counted, options)
    }
    let peak = peakMemory()

    let tokens = trained.tokenBytes().map { SHA256.hexadecimal($0) }
    let merges = trained.merges.map {
      tokens[Int($0.left - trained.firstByteID)] + " "
        + tokens[Int($0.right - trained.firstByteID)]
    }
    printResult(
      [
        "bytes": JSONValue(try InputFile(path: file).size), "merges": JSONValue(merges.count),
        "merges_sha256": JSONValue(hash(of: merges)), "tokens_sha256": JSONValue(hash(of: tokens)),
      ], times: times, peakMemory: peak)
  }

  /// SHA-256 over lines that are joined by newlines.
  private func hash(of lines: [String]) -> String {
    SHA256.hexDigest(of: Array(lines.joined(separator: "\n").utf8))
  }
}
