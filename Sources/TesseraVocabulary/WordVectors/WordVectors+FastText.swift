// fastText's binary files (.bin), versions 11 and 12; numbers are little-endian.
//
//   int32     793712314, the version
//   int32 x12 dimension, window, epochs, minimum count, negatives, word n-grams, loss, model,
//             buckets, shortest n-gram, longest n-gram, rate of learning rate updates
//   double    sampling threshold
//   int32 x3  entries, words, labels        int64 x2  tokens, size of the pruned index
//   entries:  the word, a zero byte, int64 count, int8 kind (0 word, 1 label)
//   int32 x2  for each entry of the pruned index
//   int8      whether the input matrix is quantized
//   int64 x2  rows, columns; then float32 rows, words first and then buckets
//   int8      whether the output matrix is quantized
//   int64 x2  rows, columns; then float32 rows
//
// Loss: 1 hierarchical softmax, 2 negative sampling, 3 softmax, 4 one against all. Model: 1 CBOW,
// 2 skip-gram, 3 supervised. Up to version 11 a supervised model has no n-grams.

public import TesseraBasics
internal import TesseraTokenizers

/// What fastText's binary files begin with.
enum FastTextFormat {
  static let magic: Int32 = 793_712_314
  static let version: Int32 = 12
  static let readableVersions: ClosedRange<Int32> = 11...12
  static let cbow: Int32 = 1
  static let skipGram: Int32 = 2
  static let supervised: Int32 = 3
  static let negativeSampling: Int32 = 2
  /// The most buckets that are believed.
  static let bucketLimit = 1 << 30
  /// The longest n-gram that is believed.
  static let lengthLimit = 1 << 10
}

extension WordVectors {
  /// Reads a model of fastText with its n-grams.
  ///
  /// Supervised and quantized models are refused, and sizes are compared with that of the file before
  /// memory is asked for. The output matrix is not read.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - progress: Gets the bytes read.
  /// - Throws: ``WordVectorError`` with the offset.
  public init(
    fastText path: String, progress: ProgressHandler? = nil
  ) throws(WordVectorError) {
    var reader = try BinaryReader(path: path)
    guard reader.remaining >= 8, try reader.int32() == FastTextFormat.magic else {
      throw .notFastText(path: path)
    }
    let version = try reader.int32()
    guard FastTextFormat.readableVersions.contains(version) else {
      throw .unsupportedFastText(path: path, kind: "a file of version \(version)")
    }
    let start = reader.offset
    var arguments: [Int32] = []
    for _ in 0..<12 { arguments.append(try reader.int32()) }
    try reader.skip(8)
    let (dimension, model) = (Int(arguments[0]), arguments[7])
    let bucketCount = Int(arguments[8])
    let (minimum, maximum) = (Int(arguments[9]), Int(arguments[10]))
    guard (1...Self.dimensionLimit).contains(dimension) else {
      throw reader.fault("a dimension from 1 to \(Self.dimensionLimit)", at: start)
    }
    if model == FastTextFormat.supervised {
      throw .unsupportedFastText(path: path, kind: "a supervised model")
    }
    guard model == FastTextFormat.cbow || model == FastTextFormat.skipGram else {
      throw reader.fault("1 for CBOW or 2 for skip-gram", at: start + 28)
    }
    guard (0...FastTextFormat.bucketLimit).contains(bucketCount) else {
      throw reader.fault("a number of buckets", at: start + 32)
    }
    guard (0...FastTextFormat.lengthLimit).contains(minimum),
      (0...FastTextFormat.lengthLimit).contains(maximum)
    else { throw reader.fault("the lengths of n-grams", at: start + 36) }

    self.init(dimension: dimension)
    try readWords(&reader)
    let rowCount = try Self.readShape(&reader, dimension: dimension, name: "input")
    guard rowCount == count + bucketCount else {
      throw reader.fault("\(count + bucketCount) rows", at: reader.offset - 16)
    }
    rows = try Self.readRows(
      &reader, 0..<count, of: rowCount, dimension: dimension, progress)
    let buckets = try Self.readRows(
      &reader, count..<rowCount, of: rowCount, dimension: dimension, progress)
    if maximum > 0 && minimum <= maximum && bucketCount > 0 {
      subwords = SubwordVectors(
        minimumLength: max(1, minimum), maximumLength: maximum, bucketCount: bucketCount,
        rows: buckets)
    }
    try Self.checkOutput(&reader, wordCount: count, dimension: dimension)
  }

  /// Reads the words with their counts.
  private mutating func readWords(_ reader: inout BinaryReader) throws(WordVectorError) {
    let start = reader.offset
    let entryCount = Int(try reader.int32())
    let wordCount = Int(try reader.int32())
    let labelCount = Int(try reader.int32())
    try reader.skip(8)
    let prunedCount = try reader.int64()
    // An entry has a byte, the zero byte, its count and its kind.
    guard wordCount >= 0, entryCount == wordCount, labelCount == 0,
      entryCount <= reader.remaining / 11, entryCount <= Self.wordLimit
    else { throw reader.fault("as many entries as words, and no labels", at: start) }
    if prunedCount >= 0 {
      throw .unsupportedFastText(path: reader.path, kind: "a pruned model")
    }
    table.reserveCapacity(entryCount)
    for _ in 0..<entryCount {
      let place = reader.offset
      let word = try reader.text(limit: TokenTable.maximumTokenSize)
      let occurrences = try reader.int64()
      let kind = try reader.int8()
      guard !word.isEmpty, occurrences >= 0, kind == 0 else {
        throw reader.fault("a word, a zero byte, its count and a zero", at: place)
      }
      if try !append(word.span, count: UInt64(occurrences)) {
        throw reader.fault("a word that does not stand before", at: place)
      }
    }
  }

  /// Reads rows into an array of just their size, of so many that the file holds.
  private static func readRows(
    _ reader: inout BinaryReader, _ range: Range<Int>, of rowCount: Int, dimension: Int,
    _ progress: ProgressHandler?
  ) throws(WordVectorError) -> [Float] {
    let total = range.count * dimension
    var rows: [Float] = []
    rows.reserveCapacity(total)
    while rows.count < total {
      if Interruption.isRequested { throw .interrupted }
      let place = reader.offset
      let values = try reader.floats(min(1 << 22, total - rows.count))
      if let index = values.firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(path: reader.path, offset: place + 4 * index)
      }
      rows.append(contentsOf: values)
      progress?(
        ProgressUpdate(
          phase: "reading vectors",
          completed: 4 * (range.lowerBound * dimension + rows.count),
          total: 4 * rowCount * dimension, unit: "B"))
    }
    return rows
  }

  /// Reads whether a matrix is quantized, and its shape, which the rest of the file must have room for.
  private static func readShape(
    _ reader: inout BinaryReader, dimension: Int, name: String
  ) throws(WordVectorError) -> Int {
    let place = reader.offset
    let quantized = try reader.int8()
    if quantized == 1 { throw .unsupportedFastText(path: reader.path, kind: "a quantized model") }
    guard quantized == 0 else { throw reader.fault("0 or 1", at: place) }
    let rowCount = try reader.int64()
    let columnCount = try reader.int64()
    guard columnCount == dimension, rowCount >= 0,
      rowCount <= reader.remaining / (4 * dimension)
    else {
      throw reader.fault(
        "the shape of an \(name) matrix of \(dimension) columns that the file has room for",
        at: place + 1)
    }
    return rowCount
  }

  /// Checks that what follows is the output matrix and no more.
  private static func checkOutput(
    _ reader: inout BinaryReader, wordCount: Int, dimension: Int
  ) throws(WordVectorError) {
    let rowCount = try readShape(&reader, dimension: dimension, name: "output")
    guard reader.remaining == rowCount * dimension * 4 else {
      throw reader.fault("an output matrix up to the end of the file", at: reader.offset)
    }
  }
}
