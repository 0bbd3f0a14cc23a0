import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// `bench hostile`: texts that nobody writes, such as one letter a million times.
///
/// Prints a line for each, with the processor seconds for each million bytes; they should be few,
/// and the same for every size.
struct HostileCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hostile", abstract: "Encode texts that are hard to encode.")

  @Option(help: "A tokenizer's folder or file.")
  var tokenizer: String

  @Option(
    help: "How text is split, for a rank file that does not say it.", transform: parsePattern)
  var pattern: PreTokenizerPattern?

  @Option(parsing: .upToNextOption, help: "The sizes of the texts in bytes.")
  var sizes = [1_000_000, 10_000_000]

  @Option(parsing: .upToNextOption, help: "Which texts; all if none is named.")
  var texts: [HostileText] = HostileText.allCases

  @Option(help: "How often each text is encoded, from cold; the fastest time counts.")
  var rounds = 3

  func run() throws {
    Workers.setThreadCount(1)
    for text in texts {
      for size in sizes {
        let bytes = text.bytes(size)
        var count = 0
        var fastest: Measurement?
        for _ in 0..<rounds {
          // All encoders of a tokenizer share what they remember.
          let tokenizer = try Tokenizer(contentsOf: tokenizer, pattern: pattern)
          var encoder = tokenizer.makeEncoder()
          var ids: [TokenID] = []
          let (_, times) = try measure { try encoder.encode(bytes.span, into: &ids) }
          if fastest.map({ times.processorSeconds < $0.processorSeconds }) ?? true {
            fastest = times
          }
          guard try tokenizer.decode(ids) == bytes else {
            throw WrongResult(description: "decoding the IDs of \(text) does not give the text")
          }
          count = ids.count
        }
        guard let fastest else { throw ValidationError("--rounds must be at least 1") }
        printResult(
          [
            "text": JSONValue(text.rawValue), "bytes": JSONValue(bytes.count),
            "tokens": JSONValue(count),
            "cpu_seconds_per_megabyte": JSONValue(
              fastest.processorSeconds / Double(bytes.count) * 1e6),
          ], times: fastest, peakMemory: peakMemory())
      }
    }
  }
}

/// A kind of text that is hard for some part of an encoder.
enum HostileText: String, CaseIterable, ExpressibleByArgument {
  /// Words as they are written, to compare with.
  case words
  /// One character again and again.
  case letter, space, newline, digit, mark, punctuation
  /// Two letters in turns, and letters of two at random: long pre-tokens with few different pairs.
  case turns, pair
  /// Letters at random, in lower case and in both.
  case letters, cased
  /// Bytes at random.
  case bytes
  /// Characters of scripts without spaces at random.
  case han, thai

  /// The text, of about this size.
  func bytes(_ size: Int) -> [UInt8] {
    var random = SplitMix64(seed: 1)
    func repeated(_ text: String) -> [UInt8] {
      let unit = Array(text.utf8)
      return Array(repeatElement(unit, count: size / unit.count).joined())
    }
    func drawn(_ ranges: ClosedRange<UInt32>...) -> [UInt8] {
      var result: [UInt8] = []
      result.reserveCapacity(size + 4)
      while result.count < size {
        let range = ranges[random.below(ranges.count)]
        let code = range.lowerBound + UInt32(random.below(range.count))
        if let scalar = Unicode.Scalar(code) {
          result += UTF8.encode(scalar).map { Array($0) } ?? []
        }
      }
      return result
    }
    return switch self {
    case .words: repeated("The river runs past the old mill and on to the sea, day after day. ")
    case .letter: repeated("a")
    case .space: repeated(" ")
    case .newline: repeated("\n")
    case .digit: repeated("7")
    case .mark: repeated("\u{0301}")
    case .punctuation: repeated("^")
    case .turns: repeated("ab")
    case .pair: drawn(0x61...0x62)
    case .letters: drawn(0x61...0x7A)
    case .cased: drawn(0x61...0x7A, 0x41...0x5A)
    case .bytes: (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case .han: drawn(0x4E00...0x9FA5)
    case .thai: drawn(0xE01...0xE2E)
    }
  }
}
