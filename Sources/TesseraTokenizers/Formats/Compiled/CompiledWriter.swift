internal import TesseraBasics

/// Puts the sections of a compiled tokenizer together.
struct CompiledWriter {
  /// What the hashes of the tables begin with.
  let seed: HashSeed
  private var sections: [[UInt8]] = Array(repeating: [], count: CompiledSection.allCases.count)

  init(seed: HashSeed) { self.seed = seed }

  /// Sets the content of a section.
  mutating func set<Element: BitwiseCopyable>(_ section: CompiledSection, _ elements: [Element]) {
    // SAFETY: the bytes of the array are copied within the closure; elements have no padding.
    sections[section.rawValue] = unsafe elements.withUnsafeBytes { unsafe Array($0) }
  }

  /// The bytes of the file.
  func file() -> [UInt8] {
    var entries: [UInt64] = []
    var offset = CompiledHeader.size
    for section in sections {
      offset = CompiledHeader.aligned(offset)
      entries += [UInt64(offset), UInt64(section.count), Checksum(of: section.span).value]
      offset += section.count
    }
    var output = CompiledHeader.magic
    output.reserveCapacity(offset)
    append(CompiledHeader.byteOrderMark, to: &output)
    append(CompiledHeader.version, to: &output)
    append(seed.first, to: &output)
    append(seed.second, to: &output)
    append(UInt32(sections.count), to: &output)
    append(UInt32(0), to: &output)
    append(UInt64(offset), to: &output)
    for number in entries { append(number, to: &output) }
    append(Checksum(of: output.span).value, to: &output)
    for section in sections {
      output += repeatElement(0, count: CompiledHeader.aligned(output.count) - output.count)
      output += section
    }
    return output
  }

  private func append(_ number: some FixedWidthInteger, to output: inout [UInt8]) {
    // SAFETY: the bytes of the number are copied within the closure.
    unsafe withUnsafeBytes(of: number) { unsafe output.append(contentsOf: $0) }
  }
}
