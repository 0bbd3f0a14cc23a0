/// Text on its way to tokens, with the part of the original text that each byte stands for.
///
/// Where nobody asks for offsets, and no step depends on them, the parts are left out.
struct AlignedText: Sendable {
  /// The text as it is now.
  var bytes: [UInt8]
  /// For each byte the range of the original text that it comes from, or `nil` if the text is a
  /// part of the original, or if nobody asks.
  var origins: [Range<Int>]?
  /// Where the text begins in the original, if it is a part of it.
  private(set) var offset: Int
  /// The size of the original, or of the part.
  private let originalSize: Int
  /// Whether it grew beyond ``sizeLimit``: then it is cut off, and of no use.
  fileprivate(set) var isTooLong = false

  /// How many bytes it may have at most.
  ///
  /// Steps that make text longer can follow one another in a file, and each multiplies it. Those that
  /// are in use make a few bytes of one, compatibility forms at most eleven.
  fileprivate var sizeLimit: Int { originalSize * Self.growthLimit + Self.growthAllowance }
  private static let growthLimit = 64
  private static let growthAllowance = 1 << 20

  /// A part of an original text.
  ///
  /// - Parameters:
  ///   - bytes: The part.
  ///   - offset: Where it begins in the original.
  ///   - tracksOrigins: Whether changes are to be followed.
  init(_ bytes: [UInt8], offset: Int, tracksOrigins: Bool) {
    self.bytes = bytes
    self.offset = offset
    originalSize = bytes.count
    origins = tracksOrigins ? AlignedText.origins(of: bytes, offset: offset) : nil
  }

  /// Each byte of a character comes from the whole character.
  private static func origins(of bytes: [UInt8], offset: Int) -> [Range<Int>] {
    var origins: [Range<Int>] = []
    origins.reserveCapacity(bytes.count)
    var position = 0
    while position < bytes.count {
      let size = UTF8Decoding.scalar(in: bytes.span, at: position).size
      let range = offset + position..<offset + position + size
      for _ in 0..<size { origins.append(range) }
      position += size
    }
    return origins
  }

  /// The part of the original that a range of the text comes from.
  func origin(of range: Range<Int>) -> Range<Int> {
    guard let origins else { return offset + range.lowerBound..<offset + range.upperBound }
    if range.isEmpty {
      let place =
        range.lowerBound < origins.count
        ? origins[range.lowerBound].lowerBound : origins.last?.upperBound ?? offset
      return place..<place
    }
    let start = origins[range.lowerBound].lowerBound
    return start..<max(start, origins[range.upperBound - 1].upperBound)
  }

  /// Makes sure that the text has not grown too long.
  ///
  /// - Throws: ``TokenizerError/textGrowsTooLong(size:limit:)``.
  func checkSize() throws(TokenizerError) {
    if isTooLong { throw .textGrowsTooLong(size: originalSize, limit: sizeLimit) }
  }

  /// A part of the text.
  func part(_ range: Range<Int>) -> AlignedText {
    var result = self
    result.bytes = Array(bytes[range])
    result.origins = origins.map { Array($0[range]) }
    result.offset = offset + range.lowerBound
    return result
  }

  /// Hands the text, character by character, to something that writes the new text.
  ///
  /// - Parameter body: Gets the code point, `nil` for a byte that is not UTF-8, and its range.
  mutating func rewriteCharacters(_ body: (UInt32?, Range<Int>, inout TextRewriter) -> Void) {
    var rewriter = TextRewriter(self)
    var position = 0
    while position < bytes.count {
      let (code, size) = UTF8Decoding.scalar(in: bytes.span, at: position)
      body(code, position..<position + size, &rewriter)
      position += size
    }
    self = rewriter.finish()
  }
}

/// Writes a text anew, out of parts of the old one and of what replaces them.
struct TextRewriter {
  private let source: AlignedText
  private var bytes: [UInt8] = []
  private var origins: [Range<Int>]?
  private let sizeLimit: Int
  private var isTooLong: Bool

  init(_ source: AlignedText) {
    self.source = source
    sizeLimit = source.sizeLimit
    isTooLong = source.isTooLong
    bytes.reserveCapacity(source.bytes.count + 16)
    if source.origins != nil { origins = [] }
  }

  /// The number of bytes written.
  var count: Int { bytes.count }

  /// The bytes of the old text.
  var sourceBytes: [UInt8] { source.bytes }

  /// Keeps a part of the old text.
  mutating func keep(_ range: Range<Int>) {
    bytes += source.bytes[range]
    if let old = source.origins { origins! += old[range] }
  }

  /// Writes bytes in place of a part of the old text.
  ///
  /// In place of an empty part, they come from the character after it, or else before it.
  mutating func replace(_ range: Range<Int>, with content: some Collection<UInt8>) {
    if bytes.count + content.count > sizeLimit { isTooLong = true }
    if isTooLong { return }
    bytes += content
    guard let old = source.origins, !content.isEmpty else { return }
    let origin: Range<Int>
    if range.isEmpty {
      let neighbor = range.lowerBound < old.count ? range.lowerBound : range.lowerBound - 1
      origin = neighbor >= 0 ? old[neighbor] : source.offset..<source.offset
    } else {
      origin = source.origin(of: range)
    }
    origins! += repeatElement(origin, count: content.count)
  }

  /// Writes a code point in place of a part of the old text.
  mutating func replace(_ range: Range<Int>, with code: UInt32) {
    // Only code points that are scalars are passed.
    guard let scalar = Unicode.Scalar(code) else { return keep(range) }
    replace(range, with: Array(UTF8.encode(scalar)!))
  }

  /// Leaves out a text at the end of what is written, as often as it is there.
  mutating func removeEnd(of text: [UInt8]) {
    while bytes.count >= text.count, bytes.suffix(text.count).elementsEqual(text) {
      bytes.removeLast(text.count)
      origins?.removeLast(text.count)
    }
  }

  /// The new text.
  consuming func finish() -> AlignedText {
    var result = source
    result.bytes = bytes
    result.origins = origins
    result.isTooLong = isTooLong
    return result
  }
}
