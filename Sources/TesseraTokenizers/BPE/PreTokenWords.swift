internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Words of 32 bits, which several encoders write, each where nobody else does.
///
/// All memory is reserved at first, and the system provides it as it is written to; so words never
/// move, and are read without a lock.
@safe
final class PreTokenWords: @unchecked Sendable {
  // SAFETY (Sendable): each word is written once, by the encoder that has taken it, and read where an
  // entry of a table says so, which is published after that.
  private let memory: ZeroedMemory<UInt32>
  private let takenCount = Atomic<Int>(0)
  /// How many words are taken at once.
  private let step: Int

  /// From how many bytes on large pages are worth their size.
  private static let smallSize = 2 << 20

  /// - Parameter limit: How many words there are.
  init(limit: Int) {
    memory = ZeroedMemory(count: limit, smallSize: Self.smallSize)
    step = max(1, min(1 << 12, limit >> 6))
  }

  /// How many words bytes take.
  static func words(for byteCount: Int) -> Int { (byteCount + 3) / 4 }

  /// Takes so many words or more, or none if there are not as many left.
  func take(_ count: Int) -> Range<Int>? {
    let size = max(step, count)
    if takenCount.load(ordering: .relaxed) > memory.count - size { return nil }
    let start = takenCount.wrappingAdd(size, ordering: .relaxed).oldValue
    return start <= memory.count - size ? start..<start + size : nil
  }

  /// - Precondition: There are as many words from there on.
  @inline(__always)
  @unsafe
  func words(from start: UInt32, count: Int) -> UnsafeBufferPointer<UInt32> {
    unsafe UnsafeBufferPointer(start: memory.pointer + Int(start), count: count)
  }

  /// Whether these bytes are at a place.
  ///
  /// - Precondition: There are words for as many bytes from there on.
  @inline(__always)
  @unsafe
  func holds(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    return unsafe memcmp(memory.pointer + start, base, bytes.count) == 0
  }

  /// Writes words to a place that the caller has taken.
  @unsafe
  func write(_ words: UnsafeBufferPointer<UInt32>, at start: Int) {
    // SAFETY: the place is within the memory and has room.
    for index in words.indices { unsafe memory.pointer[start + index] = words[index] }
  }

  /// Writes bytes to a place that the caller has taken.
  @unsafe
  func write(bytes: UnsafeRawBufferPointer, at start: Int) {
    guard let base = bytes.baseAddress else { return }
    // SAFETY: the place is within the memory and has room.
    unsafe UnsafeMutableRawPointer(memory.pointer + start).copyMemory(
      from: base, byteCount: bytes.count)
  }
}
