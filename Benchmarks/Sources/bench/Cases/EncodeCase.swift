import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// `bench encode`: the IDs of a whole file, with nothing encoded before.
struct EncodeCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode", abstract: "Encode a file from cold.")

  @Argument(help: "A text file.")
  var file: String

  @Option(help: "A tokenizer's folder or file.")
  var tokenizer: String

  @Option(help: "The number of threads.")
  var threads = 1

  func run() throws {
    Workers.setThreadCount(threads)
    let tokenizer = try Tokenizer(contentsOf: tokenizer)
    let text = try readFile(file, limit: .max)

    let (ids, times) = try measure { try tokenizer.encode(text) }
    let peak = peakMemory()

    // The check comes after the clock, or else the encoder's caches would be warm.
    let (decoded, decodingTimes) = try measure { try tokenizer.decode(ids) }
    guard decoded == text else {
      throw WrongResult(description: "decoding the IDs of \(file) does not give the text")
    }
    printResult(
      [
        "bytes": JSONValue(text.count), "tokens": JSONValue(ids.count),
        "sha256": JSONValue(hash(of: ids)),
        "decoding_cpu_seconds": JSONValue(decodingTimes.processorSeconds),
      ], times: times, peakMemory: peak)
  }

  /// SHA-256 over the IDs as 32-bit little-endian integers.
  private func hash(of ids: [TokenID]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * ids.count)
    for id in ids {
      for shift in [0, 8, 16, 24] as [TokenID] {
        bytes.append(UInt8(truncatingIfNeeded: id >> shift))
      }
    }
    return SHA256.hexDigest(of: bytes)
  }
}
