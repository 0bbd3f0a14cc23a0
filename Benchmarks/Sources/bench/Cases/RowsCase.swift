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

  /// How many rows are compared with the definition.
  private static let comparedCount = 8

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
    defer { unsafe unlink(path) }
    let file = try SafetensorsFile(path: path)
    let matrix = try TokenMatrix(file: file, tensor: file.header.tensors[0])
    let statistics = try MatrixStatistics(of: matrix, rows: [0..<old])

    func synthesizer(
      for target: TokenVectors
    ) throws -> (rows: RowSynthesizer, termCount: Int) {
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
      return (rows, recipes.reduce(0) { $0 + $1.terms.count })
    }
    // The first few rows are compared with those by definition before anything is timed.
    let few = min(new, Self.comparedCount)
    let compared = try synthesizer(
      for: TokenVectors(
        tokens: Array(target.tokens[..<few]), rows: Array(target.rows[..<(few * dimension)]),
        dimension: dimension)
    ).rows.rows(in: 0..<few)
    for index in 0..<few {
      let vector = Array(target.rows[index * dimension..<(index + 1) * dimension])
      let expected = try row(
        of: weights(of: cosines(vector, source.rows)), matrix)
      for (i, value) in expected.enumerated()
      where !(abs(Double(compared[index * width + i]) - value) < 1e-5) {
        throw WrongResult(
          description: "component \(i) of row \(index) is \(compared[index * width + i]), and "
            + "\(value) by the definition")
      }
    }

    let ((sum, first, terms), times) = try measure { () -> (Double, [Float], Int) in
      let (rows, termCount) = try synthesizer(for: target)
      var sum = 0.0
      var first: [Float] = []
      for start in stride(from: 0, to: new, by: 1_024) {
        let block = try rows.rows(in: start..<min(new, start + 1_024))
        if first.isEmpty { first = Array(block.prefix(8)) }
        sum += block.reduce(0) { $0 + Double($1) }
      }
      return (sum, first, termCount)
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

  /// The cosines of a vector with rows.
  private func cosines(_ vector: [Float], _ rows: [Float]) -> [Double] {
    let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    return (0..<rows.count / vector.count).map { row in
      var (product, square) = (0.0, 0.0)
      for (i, x) in vector.enumerated() {
        let y = Double(rows[row * vector.count + i])
        product += Double(x) * y
        square += y * y
      }
      return product / (length * square.squareRoot())
    }
  }

  /// The weights of old tokens by the published formulas: those of a softmax at a temperature of 0.1 over the
  /// ten nearest, or of a sparsemax.
  private func weights(of cosines: [Double]) -> [Int: Double] {
    let order = cosines.indices.sorted { (cosines[$1], $0) < (cosines[$0], $1) }
    switch method {
    case .wechsel:
      let nearest = order.prefix(10).map { ($0, exp((cosines[$0] - cosines[order[0]]) / 0.1)) }
      let total = nearest.reduce(0) { $0 + $1.1 }
      return Dictionary(uniqueKeysWithValues: nearest.map { ($0.0, $0.1 / total) })
    case .focus:
      // As many of the largest as are above the threshold that they give.
      var (sum, threshold, count) = (0.0, 0.0, 0)
      for index in order {
        sum += cosines[index]
        if 1 + Double(count + 1) * cosines[index] <= sum { break }
        count += 1
        threshold = (sum - 1) / Double(count)
      }
      return Dictionary(
        uniqueKeysWithValues: order[..<count].map { ($0, cosines[$0] - threshold) })
    }
  }

  /// The sum of rows of the base times their weights.
  private func row(of weights: [Int: Double], _ matrix: TokenMatrix) throws -> [Double] {
    var sum = [Double](repeating: 0, count: width)
    for (row, weight) in weights {
      for (i, value) in try matrix.floats(in: row..<row + 1).enumerated() {
        sum[i] += weight * Double(value)
      }
    }
    return sum
  }

  /// Uniform numbers in [-0.5, 0.5): those of `vector_rows.py`.
  private func randomNumbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float(random.next() >> 40) * 0x1p-24 - 0.5 }
  }
}
