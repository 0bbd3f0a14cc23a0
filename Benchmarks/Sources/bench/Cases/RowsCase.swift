import ArgumentParser
import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers
import TesseraVocabulary

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `bench rows`: rows of new tokens out of vectors of old and new ones, by WECHSEL or FOCUS.
struct RowsCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rows", abstract: "Make the rows of new tokens by their vectors.")

  /// The methods that have a peer.
  enum Method: String, CaseIterable, ExpressibleByArgument { case wechsel, focus }

  @Option(help: "wechsel or focus.") var method = Method.wechsel
  @Option(help: "The number of tokens of the base.") var old = 150_000
  @Option(help: "The number of new tokens.") var new = 50_000
  @Option(help: "Components of a vector.") var dimension = 300
  @Option(help: "The length of a row.") var width = 768
  @Option(help: "The number of threads.") var threads = 2
  @Option(help: "A folder for the base's matrix, which is removed.") var folder = "/tmp"

  func run() throws {
    Workers.setThreadCount(threads)
    let source = TokenVectors(
      tokens: (0..<old).map { TokenID($0) }, rows: randomNumbers(old * dimension, seed: 1),
      dimension: dimension)
    let target = TokenVectors(
      tokens: (old..<old + new).map { TokenID($0) }, rows: randomNumbers(new * dimension, seed: 2),
      dimension: dimension)
    let path = folder + "/tessera-bench-rows.safetensors"
    let tensor = TensorDescription(name: "base", type: .f32, shape: [old, width])
    var writer = try SafetensorsWriter(path: path, tensors: [tensor])
    try writer.append(values: randomNumbers(old * width, seed: 3).span)
    try writer.commit()
    defer { unlink(path) }
    let file = try SafetensorsFile(path: path)
    let matrix = try TokenMatrix(file: file, tensor: file.header.tensors[0])
    let statistics = try MatrixStatistics(of: matrix, rows: [0..<old])

    let ((sum, first, terms), times) = try measure { () -> (Double, [Float], Int) in
      let inputs = VectorInputs(target: try WordVectors(words: [], rows: [], dimension: 1))
      let found =
        switch method {
        case .wechsel: try WECHSELInitializer(inputs).recipes(for: target, among: source)
        case .focus: try FOCUSInitializer(inputs).recipes(for: target, among: source)
        }
      var recipes = RowRecipes()
      for id in target.tokens { recipes.append(found[id] ?? RowRecipe()) }
      let rows = try RowSynthesizer(
        recipes: recipes, base: matrix, tokenRows: [0..<old], statistics: statistics)
      var sum = 0.0
      var first: [Float] = []
      for start in stride(from: 0, to: new, by: 1_024) {
        let block = try rows.rows(in: start..<min(new, start + 1_024))
        if first.isEmpty { first = Array(block.prefix(8)) }
        sum += block.reduce(0) { $0 + Double($1) }
      }
      return (sum, first, recipes.reduce(0) { $0 + $1.terms.count })
    }
    guard sum.isFinite, terms >= new else {
      throw WrongResult(description: "\(terms) terms for \(new) rows with the sum \(sum)")
    }
    printResult(
      [
        "sum": JSONValue(sum), "first": .array(first.map { JSONValue(Double($0)) }),
        "terms": JSONValue(terms),
      ], times: times, peakMemory: peakMemory())
  }

  /// Uniform numbers in [-0.5, 0.5): those of `vector_rows.py`.
  private func randomNumbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float(random.next() >> 40) * 0x1p-24 - 0.5 }
  }
}
