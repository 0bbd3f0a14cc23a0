internal import TesseraBasics

/// The memory of a table that is read at random places: its own, or a part of a mapped file.
@safe
struct TableMemory<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): it is written by its one owner only, and shared as a constant.
  /// The elements. A mapped part is never written.
  let pointer: UnsafeMutablePointer<Element>
  /// The number of elements.
  let count: Int
  /// What the memory is a part of, if it is not its own.
  private let file: MappedFile?

  /// Memory of its own, in which all elements are equal.
  init(repeating element: Element, count: Int) {
    unsafe pointer = allocateLarge(Element.self, count: max(1, count))
    unsafe pointer.initialize(repeating: element, count: count)
    self.count = count
    file = nil
  }

  /// Elements in a mapped file.
  @unsafe
  init(_ elements: UnsafeBufferPointer<Element>, in file: MappedFile) {
    // SAFETY: the caller promises that the elements are in the file.
    unsafe pointer =
      elements.baseAddress.map { unsafe UnsafeMutablePointer(mutating: $0) }
      ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment)!
    count = elements.count
    self.file = file
  }

  deinit {
    if file == nil { unsafe pointer.deallocate() }
  }

  /// A copy of the elements.
  var elements: [Element] {
    // SAFETY: there are as many.
    unsafe Array(UnsafeBufferPointer(start: pointer, count: count))
  }
}
