internal import TesseraBasics

/// Reads the sections of a compiled tokenizer, and compares their checksums.
struct CompiledReader {
  /// What the hashes of the tables begin with.
  let seed: HashSeed
  private let file: MappedFile
  private let entries: [Entry]

  private struct Entry {
    var offset: Int
    var size: Int
    var checksum: UInt64
  }

  /// Opens a file and reads its header.
  ///
  /// - Throws: ``TokenizerError/file(_:)``, ``TokenizerError/unsupported(part:name:advice:)`` for
  ///   another version or byte order, ``TokenizerError/malformedBytes(offset:expected:)`` and
  ///   ``TokenizerError/damaged(part:)``.
  init(path: String) throws(TokenizerError) {
    do throws(FileError) {
      file = try MappedFile(path: path, limit: CompiledHeader.fileSizeLimit)
    } catch {
      throw .file(error)
    }
    let fileSize = unsafe file.bytes.count
    // SAFETY: the bytes are copied out of the file's memory.
    let header = unsafe Array(file.bytes.prefix(CompiledHeader.size))
    guard header.starts(with: CompiledHeader.magic) else {
      throw .malformedBytes(offset: 0, expected: "\"TESSERAT\"")
    }
    func number<Number: FixedWidthInteger>(
      _ type: Number.Type, at offset: Int
    ) throws(TokenizerError) -> Number {
      let size = MemoryLayout<Number>.size
      guard offset + size <= header.count else {
        throw .malformedBytes(
          offset: header.count, expected: "a header of \(CompiledHeader.size) bytes")
      }
      // SAFETY: the bytes are within the array.
      return unsafe header.withUnsafeBytes {
        unsafe $0.loadUnaligned(fromByteOffset: offset, as: type)
      }
    }
    let advice = "make the file again, with tessera convert --to compiled"
    let mark = try number(UInt32.self, at: 8)
    guard mark == CompiledHeader.byteOrderMark else {
      if mark == CompiledHeader.byteOrderMark.byteSwapped {
        throw .unsupported(part: "byte order", name: "of another machine", advice: advice)
      }
      throw .malformedBytes(offset: 8, expected: "a mark of the byte order")
    }
    let version = try number(UInt32.self, at: 12)
    guard version == CompiledHeader.version else {
      throw .unsupported(
        part: "version", name: "\(version) of compiled tokenizers",
        advice: "this Tessera reads version \(CompiledHeader.version); \(advice)")
    }
    let checksumOffset = CompiledHeader.size - 8
    let stated = try number(UInt64.self, at: checksumOffset)
    guard Checksum(of: header.span.extracting(first: checksumOffset)).value == stated else {
      throw .damaged(part: "the header")
    }
    seed = HashSeed(
      first: try number(UInt64.self, at: 16), second: try number(UInt64.self, at: 24))
    guard try number(UInt32.self, at: 32) == CompiledSection.allCases.count else {
      throw .malformedBytes(
        offset: 32, expected: "the number of sections, \(CompiledSection.allCases.count)")
    }
    let size = try number(UInt64.self, at: 40)
    guard size == UInt64(fileSize) else {
      throw .malformedBytes(
        offset: min(Int(clamping: size), fileSize), expected: "the end of a file of \(size) bytes")
    }
    var entries: [Entry] = []
    var end = CompiledHeader.size
    for section in CompiledSection.allCases {
      let place = CompiledHeader.sectionsOffset + section.rawValue * CompiledHeader.entrySize
      let offset = try number(UInt64.self, at: place)
      let size = try number(UInt64.self, at: place + 8)
      guard offset == UInt64(CompiledHeader.aligned(end)), offset <= UInt64(fileSize),
        size <= UInt64(fileSize) - offset
      else {
        throw .malformedBytes(
          offset: place, expected: "the place of \(section.member) in the file")
      }
      entries.append(
        Entry(
          offset: Int(offset), size: Int(size), checksum: try number(UInt64.self, at: place + 16)))
      end = Int(offset + size)
    }
    guard end == fileSize else {
      throw .malformedBytes(offset: end, expected: "the end of the file")
    }
    self.entries = entries
    file.populate()
  }

  /// The size of a section in bytes.
  func size(of section: CompiledSection) -> Int { entries[section.rawValue].size }

  /// The number of elements in a section.
  ///
  /// - Throws: ``TokenizerError/malformed(member:expected:)`` where they are not whole.
  func count<Element: BitwiseCopyable>(
    of section: CompiledSection, _ type: Element.Type
  ) throws(TokenizerError) -> Int {
    let stride = MemoryLayout<Element>.stride
    guard size(of: section) % stride == 0 else {
      throw .malformed(member: section.member, expected: "a multiple of \(stride) bytes")
    }
    return size(of: section) / stride
  }

  /// A copy of the elements of a section.
  ///
  /// - Precondition: All bit patterns are elements.
  func array<Element: BitwiseCopyable>(
    _ section: CompiledSection, of type: Element.Type
  ) throws(TokenizerError) -> [Element] {
    // SAFETY: the elements are copied while the file is mapped.
    unsafe Array(try elements(section, of: type))
  }

  /// The elements of a section, where they are in the file.
  ///
  /// - Precondition: All bit patterns are elements.
  func memory<Element: BitwiseCopyable>(
    _ section: CompiledSection, of type: Element.Type
  ) throws(TokenizerError) -> TableMemory<Element> {
    // SAFETY: the elements are in the file.
    unsafe TableMemory(try elements(section, of: type), in: file)
  }

  /// The elements of a section, once its checksum is known to be right.
  @unsafe
  private func elements<Element: BitwiseCopyable>(
    _ section: CompiledSection, of type: Element.Type
  ) throws(TokenizerError) -> UnsafeBufferPointer<Element> {
    let count = try count(of: section, type)
    let entry = entries[section.rawValue]
    // SAFETY: `init` has seen to it that sections are within the file, at multiples of 64, and a mapping
    // begins at a page.
    let bytes = unsafe UnsafeRawBufferPointer(
      rebasing: file.bytes[entry.offset..<entry.offset + entry.size])
    var checksum = Checksum()
    unsafe checksum.update(bytes)
    guard checksum.value == entry.checksum else { throw .damaged(part: section.member) }
    if count == 0 { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeBufferPointer(
      start: bytes.baseAddress!.assumingMemoryBound(to: type), count: count)
  }
}
