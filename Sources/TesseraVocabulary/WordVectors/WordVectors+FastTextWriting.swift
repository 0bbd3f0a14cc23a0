internal import TesseraBasics
internal import TesseraTensors

extension WordVectors {
  /// Writes the vectors as a model that fastText loads; see `WordVectors+FastText.swift` for the format.
  ///
  /// Where the rows that predict words are not known, they are zeros: fastText uses them for further
  /// training alone.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - options: How the vectors were learned, for the record in the file.
  ///   - overwrite: Whether a file that is there may be replaced.
  /// - Throws: ``WordVectorError/unwritableWord(path:word:)`` for a word with a zero byte or white space.
  public func write(
    fastText path: String, options: WordVectorOptions = WordVectorOptions(), overwrite: Bool
  ) throws(WordVectorError) {
    for index in 0..<count {
      let word = word(at: index)
      if word.contains(where: { $0 == 0 || $0.isASCIISpace }) {
        throw .unwritableWord(path: path, word: String(decoding: word, as: UTF8.self))
      }
    }
    do throws(FileError) {
      var file = try AtomicFile(path: path, overwrite: overwrite)
      try file.write(header(options))
      for index in 0..<count {
        var entry = word(at: index) + [0]
        entry.append(littleEndian: counts.isEmpty ? 0 : Int64(clamping: counts[index]))
        entry.append(0)
        try file.write(entry)
      }
      let bucketCount = subwords?.bucketCount ?? 0
      try file.write(shape(count + bucketCount))
      try write(rows, to: &file)
      if let subwords { try write(subwords.rows, to: &file) }
      try file.write(shape(count))
      try write(
        outputRows.isEmpty ? [Float](repeating: 0, count: count * dimension) : outputRows,
        to: &file)
      try file.commit()
    } catch {
      throw .file(error)
    }
  }

  private func header(_ options: WordVectorOptions) -> [UInt8] {
    var bytes: [UInt8] = []
    let isSkipGram = options.architecture == .skipGram
    let updatesBetweenRates = 100
    let arguments = [
      Int(FastTextFormat.magic), Int(FastTextFormat.version), dimension, options.window,
      options.epochs, options.minimumCount, options.negativeCount, 1,
      Int(FastTextFormat.negativeSampling),
      Int(isSkipGram ? FastTextFormat.skipGram : FastTextFormat.cbow),
      subwords?.bucketCount ?? 0, subwords?.minimumLength ?? 0, subwords?.maximumLength ?? 0,
      updatesBetweenRates,
    ]
    for argument in arguments { bytes.append(littleEndian: Int32(clamping: argument)) }
    bytes.append(littleEndian: options.subsampling.bitPattern)
    for number in [count, count, 0] { bytes.append(littleEndian: Int32(clamping: number)) }
    let total = counts.reduce(UInt64(0)) { $0.addingReportingOverflow($1).partialValue }
    bytes.append(littleEndian: total)
    bytes.append(littleEndian: Int64(-1))
    return bytes
  }

  private func shape(_ rowCount: Int) -> [UInt8] {
    var bytes: [UInt8] = [0]
    bytes.append(littleEndian: Int64(rowCount))
    bytes.append(littleEndian: Int64(dimension))
    return bytes
  }

  private func write(_ values: [Float], to file: inout AtomicFile) throws(FileError) {
    let step = 1 << 20
    for start in stride(from: 0, to: values.count, by: step) {
      let piece = Array(values[start..<min(values.count, start + step)])
      try file.write(ElementType.f32.bytes(of: piece))
    }
  }
}
