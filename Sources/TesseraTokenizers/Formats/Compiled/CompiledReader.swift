internal import TesseraBasics

/// Reads the sections of a compiled tokenizer, and compares their checksums.
struct CompiledReader {
  /// What the hashes of the tables begin with.
  let seed: HashSeed
  private let file: InputFile
  private let entries: [Entry]

  private struct Entry {
    var offset: Int
    var size: Int
    var checksum: UInt64
  }

  /// How much is read at once, and hashed while it is near to the processor.
  private static let pieceSize = 1 << 18

  /// Opens a file and reads its header.
  ///
  /// - Throws: ``TokenizerError/file(_:)``, ``TokenizerError/unsupported(part:name:advice:)`` for
  ///   another version or byte order, ``TokenizerError/malformedBytes(offset:expected:)`` and
  ///   ``TokenizerError/damaged(part:)``.
  init(path: String) throws(TokenizerError) {
    let header: [UInt8]
    do throws(FileError) {
      file = try InputFile(path: path)
      header = try file.read(at: 0, count: min(file.size, CompiledHeader.size))
    } catch {
      throw .file(error)
    }
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
    guard size == UInt64(file.size) else {
      throw .malformedBytes(
        offset: min(Int(clamping: size), file.size), expected: "the end of a file of \(size) bytes")
    }
    var entries: [Entry] = []
    var end = CompiledHeader.size
    for section in CompiledSection.allCases {
      let place = CompiledHeader.sectionsOffset + section.rawValue * CompiledHeader.entrySize
      let offset = try number(UInt64.self, at: place)
      let size = try number(UInt64.self, at: place + 8)
      guard offset == UInt64(CompiledHeader.aligned(end)), offset <= UInt64(file.size),
        size <= UInt64(file.size) - offset
      else {
        throw .malformedBytes(
          offset: place, expected: "the place of \(section.member) in the file")
      }
      entries.append(
        Entry(
          offset: Int(offset), size: Int(size), checksum: try number(UInt64.self, at: place + 16)))
      end = Int(offset + size)
    }
    guard end == file.size else {
      throw .malformedBytes(offset: end, expected: "the end of the file")
    }
    self.entries = entries
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

  /// The elements of a section.
  ///
  /// - Precondition: All bit patterns are elements.
  func array<Element: BitwiseCopyable>(
    _ section: CompiledSection, of type: Element.Type
  ) throws(TokenizerError) -> [Element] {
    let count = try count(of: section, type)
    var failure: TokenizerError?
    // SAFETY: `read` fills all of the buffer, or the array is given up.
    let result = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(TokenizerError) {
        try unsafe read(
          section,
          into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size(of: section)))
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return result
  }

  /// The elements of a section in memory of ``allocateLarge(_:count:)``, which the caller deallocates.
  @unsafe
  func memory<Element: BitwiseCopyable>(
    _ section: CompiledSection, of type: Element.Type
  ) throws(TokenizerError) -> UnsafeMutableBufferPointer<Element> {
    let count = try count(of: section, type)
    let memory = unsafe allocateLarge(type, count: max(1, count))
    do throws(TokenizerError) {
      // SAFETY: there is room for `count` elements.
      try unsafe read(
        section, into: UnsafeMutableRawBufferPointer(start: memory, count: size(of: section)))
    } catch {
      unsafe memory.deallocate()
      throw error
    }
    return unsafe UnsafeMutableBufferPointer(start: memory, count: count)
  }

  @unsafe
  private func read(
    _ section: CompiledSection, into buffer: UnsafeMutableRawBufferPointer
  ) throws(TokenizerError) {
    let entry = entries[section.rawValue]
    var checksum = Checksum()
    do throws(FileError) {
      for start in stride(from: 0, to: entry.size, by: Self.pieceSize) {
        let end = min(start + Self.pieceSize, entry.size)
        let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start..<end])
        try unsafe file.read(into: piece, at: entry.offset + start)
        unsafe checksum.update(UnsafeRawBufferPointer(piece))
      }
    } catch {
      throw .file(error)
    }
    guard checksum.value == entry.checksum else { throw .damaged(part: section.member) }
  }
}
