#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file or pipe that is read in order, with a buffer for what was read and not yet used.
struct BufferedSource: ~Copyable {
  let path: String
  /// How many bytes were used so far.
  private(set) var offset = 0

  private let descriptor: FileDescriptor
  /// Whether its writer may keep us waiting: a pipe or a terminal.
  private let waits: Bool
  private var buffer: [UInt8]
  /// The part of the buffer that holds bytes.
  private var filled = 0..<0
  private var isAtEnd = false

  private static let bufferSize = 1 << 17

  init(path: String) throws(FileError) {
    descriptor = try openForReading(path)
    waits = Self.waits(descriptor)
    self.path = path
    buffer = [UInt8](repeating: 0, count: BufferedSource.bufferSize)
  }

  init(standardInputAs path: String) {
    descriptor = FileDescriptor(borrowing: STDIN_FILENO)
    waits = Self.waits(descriptor)
    self.path = path
    buffer = [UInt8](repeating: 0, count: BufferedSource.bufferSize)
  }

  private static func waits(_ descriptor: borrowing FileDescriptor) -> Bool {
    // What its kind is unknown of is read, which says what is wrong.
    (try? descriptor.status())?.kind == .other
  }

  /// Reads until there are `count` unused bytes, at most a buffer's size, or the end is reached.
  ///
  /// - Returns: Whether there are so many.
  @discardableResult
  mutating func fill(atLeast count: Int) throws(CompressionError) -> Bool {
    while filled.count < count, !isAtEnd {
      if filled.isEmpty { filled = 0..<0 }
      if filled.upperBound == buffer.count { moveToFront() }
      let end = filled.upperBound
      precondition(end < buffer.count, "the buffer has room")
      var failure: FileDescriptor.SystemError?
      var read = 0
      unsafe buffer.withUnsafeMutableBytes { bytes in
        // SAFETY: the free part of the array's storage, used inside the closure alone.
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[end...])
        do throws(FileDescriptor.SystemError) {
          read = try unsafe descriptor.read(into: room, waits: waits)
        } catch {
          failure = error
        }
      }
      if let failure { throw readError(failure) }
      filled = filled.lowerBound..<end + read
      isAtEnd = read == 0
    }
    return filled.count >= count
  }

  private func readError(_ error: FileDescriptor.SystemError) -> CompressionError {
    .file(.readFailed(path: path, offset: offset + filled.count, errno: error.errno))
  }

  /// The few unused bytes at the buffer's end are followed by more when they are at its front.
  private mutating func moveToFront() {
    let rest = Array(buffer[filled])
    buffer.replaceSubrange(..<rest.count, with: rest)
    filled = 0..<rest.count
  }

  /// The bytes that are there and were not used.
  var unused: ArraySlice<UInt8> { buffer[filled] }

  /// Lends the unused bytes; the closure says how many of them it used.
  mutating func consume<R>(_ body: (UnsafeRawBufferPointer) -> (Int, R)) -> R {
    let filled = self.filled
    let (count, result) = unsafe buffer.withUnsafeBytes { bytes in
      // SAFETY: `filled` is a part of the array's storage, used inside the closure alone.
      unsafe body(UnsafeRawBufferPointer(rebasing: bytes[filled]))
    }
    precondition((0...filled.count).contains(count), "no more is used than there is")
    self.filled = filled.lowerBound + count..<filled.upperBound
    offset += count
    return result
  }

  /// Moves unused bytes into a buffer, or reads into it if there are none; 0 at the end.
  mutating func read(into output: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
    if filled.isEmpty {
      if isAtEnd { return 0 }
      let count: Int
      do {
        count = try unsafe descriptor.read(into: output, waits: waits)
      } catch {
        throw readError(error)
      }
      isAtEnd = count == 0
      offset += count
      return count
    }
    return unsafe consume { bytes in
      let count = min(bytes.count, output.count)
      // SAFETY: both parts have `count` bytes, and they are different memory.
      unsafe output.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      return (count, count)
    }
  }
}

/// Opens whatever can be read: a file, a pipe, a device; not a folder.
private func openForReading(_ path: String) throws(FileError) -> FileDescriptor {
  do {
    let descriptor = try FileDescriptor(path: path, flags: O_RDONLY)
    if try descriptor.status().kind != .directory { return descriptor }
  } catch {
    throw .cannotOpen(path: path, errno: error.errno)
  }
  throw .notRegularFile(path: path)
}
