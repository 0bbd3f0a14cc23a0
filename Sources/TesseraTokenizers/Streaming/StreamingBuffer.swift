/// Bytes that wait until it is certain what becomes of them.
///
/// To look through them again with each byte that comes would take quadratic time where much is
/// uncertain, so that is done only when they have grown by a quarter.
struct StreamingBuffer: Sendable {
  /// What waits, behind some of what came before.
  private(set) var bytes: [UInt8] = []
  /// How many bytes of the text are before `bytes`.
  private(set) var offset = 0
  /// With less it is not worth to look.
  private var wantedSize = 0

  /// So few bytes are looked through each time.
  private static let smallSize = 64

  /// Takes the next bytes of the text.
  ///
  /// - Returns: Whether it is worth to look what has become certain.
  mutating func add(_ new: Span<UInt8>) -> Bool {
    // SAFETY: the buffer is copied within the closure.
    unsafe new.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    return bytes.count >= wantedSize
  }

  /// Forgets the first bytes, and notes that the rest waits for more.
  mutating func drop(_ count: Int) {
    bytes.removeFirst(count)
    offset += count
    wantedSize = bytes.count <= Self.smallSize ? 0 : bytes.count + bytes.count / 4
  }

  /// Forgets the text.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    offset = 0
    wantedSize = 0
  }
}
