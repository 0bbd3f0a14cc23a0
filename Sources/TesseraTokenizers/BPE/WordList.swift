#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Words of 32 bits and bytes, one after another, in memory that grows.
@safe
struct WordList: ~Copyable {
  private var memory = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 << 10)
  private var capacity = 1 << 10
  /// The number of words.
  private(set) var count = 0

  deinit { unsafe memory.deallocate() }

  /// How many words bytes take.
  static func words(for byteCount: Int) -> Int { (byteCount + 3) / 4 }

  /// - Precondition: There are as many words from there on.
  @inline(__always)
  @unsafe
  func words(from start: UInt32, count: Int) -> UnsafeBufferPointer<UInt32> {
    unsafe UnsafeBufferPointer(start: memory + Int(start), count: count)
  }

  /// Whether these bytes are at a place.
  ///
  /// - Precondition: There are words for as many bytes from there on.
  @inline(__always)
  @unsafe
  func holds(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    return unsafe memcmp(memory + start, base, bytes.count) == 0
  }

  @unsafe
  mutating func append(_ words: UnsafeBufferPointer<UInt32>) {
    reserve(words.count)
    // SAFETY: there is room for them.
    for index in words.indices { unsafe memory[count + index] = words[index] }
    count += words.count
  }

  /// Appends bytes, and zeros up to the next word.
  @unsafe
  mutating func append(bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    let words = Self.words(for: bytes.count)
    reserve(words)
    // SAFETY: there is room for them.
    unsafe memory[count + words - 1] = 0
    unsafe UnsafeMutableRawPointer(memory + count).copyMemory(
      from: base, byteCount: bytes.count)
    count += words
  }

  /// Forgets everything; the memory is kept.
  mutating func removeAll() { count = 0 }

  private mutating func reserve(_ words: Int) {
    if count + words <= capacity { return }
    capacity = max(capacity * 2, count + words)
    let larger = unsafe allocateLarge(UInt32.self, count: capacity)
    // SAFETY: `count` words are initialized, and there is room for more.
    unsafe larger.initialize(from: memory, count: count)
    unsafe memory.deallocate()
    unsafe memory = larger
  }
}
