import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary

/// A matrix of normally distributed rows around a random center, as a file and as numbers.
struct RandomMatrix: ~Copyable {
  let folder: TemporaryDirectory
  /// The rows as they are stored, one after the other.
  let values: [Float]
  let matrix: TokenMatrix

  init(rows: Int, width: Int, type: StoredType = .f32, seed: UInt64 = 1) throws {
    var random = SplitMix64(seed: seed)
    let center = (0..<width).map { _ in random.normal() }
    let values = (0..<rows * width).map {
      Float(center[$0 % width] + random.normal() * (1 + Double($0 % width)) / Double(width))
    }
    try self.init(values: values, width: width, type: type)
  }

  init(values: [Float], width: Int, type: StoredType = .f32) throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("matrix.safetensors")
    let tensor = TensorDescription(name: "m", type: type, shape: [values.count / width, width])
    var writer = try SafetensorsWriter(path: path, tensors: [tensor])
    try writer.append(values: values.span)
    try writer.commit()
    let file = try SafetensorsFile(path: path)
    let matrix = try TokenMatrix(file: file, tensor: file.header.tensors[0])
    let stored = try matrix.floats(in: 0..<matrix.rowCount)
    self.folder = folder
    self.matrix = matrix
    self.values = stored
  }

  /// One row in double precision.
  func row(_ index: Int) -> [Double] {
    values[index * matrix.width..<(index + 1) * matrix.width].map { Double($0) }
  }

  /// The rows that a method makes for new tokens, asked for in blocks of a size or all at once.
  func rows(
    of method: some RowInitializer, for tokens: NewTokens, role: MatrixRole = .input,
    seed: UInt64 = 0, initializerRange: Double? = nil, blockSize: Int? = nil
  ) throws -> [Float] {
    let context = try matrix.context(for: tokens, initializerRange: initializerRange)
    let synthesizer = try RowSynthesizer(
      recipes: method.recipes(for: role, in: context, seed: seed), base: matrix,
      tokenRows: context.tokenRows, statistics: context.statistics)
    let size = blockSize ?? tokens.count
    return try stride(from: 0, to: tokens.count, by: size).flatMap {
      try synthesizer.rows(in: $0..<min(tokens.count, $0 + size))
    }
  }
}

extension TokenMatrix {
  /// What methods know about the matrix, all of whose rows belong to tokens.
  func context(
    for tokens: NewTokens, initializerRange: Double? = nil
  ) throws -> InitializationContext {
    InitializationContext(
      tokens: tokens, tokenizer: try Tokenizer.withoutMerges(tokenCount: rowCount), matrix: self,
      tokenRows: [0..<rowCount],
      statistics: try MatrixStatistics(of: self, rows: [0..<rowCount]),
      initializerRange: initializerRange)
  }
}

extension Tokenizer {
  /// A tokenizer with all bytes and, behind them, tokens of three bytes that nothing reaches.
  static func withoutMerges(tokenCount: Int) throws -> Tokenizer {
    var tokens = TokenTable()
    for id in 0..<max(256, tokenCount) {
      let bytes =
        id < 256
        ? [UInt8(id)]
        : [UInt8(1 + id >> 16), UInt8(truncatingIfNeeded: id >> 8), UInt8(truncatingIfNeeded: id)]
      try tokens.insert(bytes, id: TokenID(id))
    }
    return try Tokenizer(
      model: BPEModel(tokens: tokens, merges: [], semantics: .merges), pattern: .none)
  }
}

extension NewTokens {
  /// Tokens that are merged of random base tokens and of each other.
  static func random(count: Int, baseCount: Int, seed: UInt64 = 1) -> NewTokens {
    var random = SplitMix64(seed: seed)
    let merges = (0..<count).map { i in
      NewMerge(
        left: TokenID(random.below(baseCount + i)), right: TokenID(random.below(baseCount + i)),
        result: TokenID(baseCount + i), bytes: [])
    }
    return NewTokens(merges: merges, ids: NewTokenIDs(from: TokenID(baseCount)))
  }
}

/// The inner products of a vector with each row of a matrix, in double precision.
func products(_ rows: [Float], _ vector: [Double]) -> [Double] {
  let width = vector.count
  var result: [Double] = []
  var start = 0
  while start < rows.count {
    var sum = 0.0
    var i = 0
    while i < width {
      sum += Double(rows[start + i]) * vector[i]
      i += 1
    }
    result.append(sum)
    start += width
  }
  return result
}

extension InitializationMethod {
  /// The methods that are made from the base and its tokens alone.
  static let withoutInputs = allCases.filter { (try? $0.initializer()) != nil }

  /// Whether the method says that it stays in the hull.
  var staysInHull: Bool {
    do { return try initializer().staysInHull } catch { preconditionFailure("\(error)") }
  }
}
