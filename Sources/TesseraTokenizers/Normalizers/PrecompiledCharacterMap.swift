// A SentencePiece character map (`precompiled_charsmap`):
//
//   offset      size      content
//   0           4         size of the trie in bytes, little-endian
//   4           size      the trie: units of 32 bits, little-endian (Darts-clone)
//   4 + size    the rest  replacements, each ended by a zero byte
//
// A unit of the trie:
//
//   bits 0…7    the byte that leads here; in a leaf, bits 0…30 are where its replacement begins
//   bit 8       whether a leaf hangs on the unit
//   bits 9…30   distance to the children, shifted left by eight if bit 9 is set
//   bit 31      set in leaves
//
// Kudo and Richardson, "SentencePiece", 2018, arXiv:1808.06226, section 3.3.

internal import TesseraBasics

/// A table of replacements as SentencePiece compiles it: the rules of its `nmt_nfkc` and others.
public struct PrecompiledCharacterMap: Hashable, Sendable {
  private let trie: [UInt32]
  private let replacements: [UInt8]

  /// Reads a map.
  ///
  /// - Returns: `nil` if the bytes are not one: fewer than four, a trie that is longer than the
  ///   bytes, without units or not of whole ones, or replacements that are not UTF-8.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return nil }
    func unit(at offset: Int) -> UInt32 {
      UInt32(littleEndianBytes: bytes[offset..<offset + 4])
    }
    let size = Int(unit(at: 0))
    guard size > 0, size % 4 == 0, size <= bytes.count - 4 else { return nil }
    trie = stride(from: 4, to: 4 + size, by: 4).map(unit)
    replacements = Array(bytes[(4 + size)...])
    guard String(validating: replacements, as: UTF8.self) != nil else { return nil }
  }

  /// The bytes of the map.
  public var bytes: [UInt8] {
    [UInt32(trie.count * 4)].littleEndianBytes + trie.littleEndianBytes + replacements
  }

  /// What takes the place of some bytes, or `nil` if nothing does.
  ///
  /// The shortest beginning of the bytes that the map knows decides, and all of them are replaced:
  /// so it is in tokenizers, unlike in SentencePiece, which replaces the longest beginning.
  private func replacement(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var node = Self.offset(of: trie[0])
    for byte in bytes {
      if byte == 0 { return nil }
      node ^= Int(byte)
      guard node < trie.count else { return nil }
      let unit = trie[node]
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
      node ^= Self.offset(of: unit)
      guard unit >> 8 & 1 == 1 else { continue }
      guard node < trie.count else { return nil }
      let start = Int(trie[node] & (1 << 31 - 1))
      guard start <= replacements.count else { return nil }
      return replacement(at: start)
    }
    return nil
  }

  /// What takes the place of the longest beginning of some bytes that the map knows, and its size;
  /// `nil` if it knows none. So SentencePiece replaces.
  func longestReplacement(
    in bytes: Span<UInt8>, at position: Int
  ) -> (content: [UInt8]?, size: Int)? {
    var node = Self.offset(of: trie[0])
    var found: (start: Int, size: Int)?
    for index in position..<bytes.count {
      let byte = bytes[index]
      if byte == 0 { break }
      node ^= Int(byte)
      guard node < trie.count else { break }
      let unit = trie[node]
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { break }
      node ^= Self.offset(of: unit)
      guard unit >> 8 & 1 == 1 else { continue }
      guard node < trie.count else { break }
      let start = Int(trie[node] & (1 << 31 - 1))
      if start <= replacements.count { found = (start, index + 1 - position) }
    }
    guard let found else { return nil }
    return (Array(replacement(at: found.start)), found.size)
  }

  private func replacement(at start: Int) -> ArraySlice<UInt8> {
    let end = replacements[start...].firstIndex(of: 0) ?? replacements.count
    return replacements[start..<end]
  }

  private static func offset(of unit: UInt32) -> Int {
    Int(unit >> 10) << Int((unit & 1 << 9) >> 6)
  }

  /// The size from which a grapheme cluster is looked up by its characters only.
  private static let clusterSizeLimit = 6

  func apply(to text: inout AlignedText) {
    let bytes = text.bytes
    var rewriter = TextRewriter(text)
    // As in tokenizers, the first character that is left comes from the beginning of the text.
    func replace(_ range: Range<Int>, with content: ArraySlice<UInt8>) {
      rewriter.replace(rewriter.count == 0 ? 0..<range.upperBound : range, with: content)
    }
    for cluster in GraphemeClusters(bytes) {
      if cluster.count < Self.clusterSizeLimit, let content = replacement(of: bytes[cluster]) {
        replace(cluster, with: content)
        continue
      }
      var position = cluster.lowerBound
      while position < cluster.upperBound {
        let end = position + UTF8Decoding.scalar(in: bytes.span, at: position).size
        let character = bytes[position..<end]
        replace(position..<end, with: replacement(of: character) ?? character)
        position = end
      }
    }
    text = rewriter.finish()
  }
}

/// The grapheme clusters of a text, as the standard library finds them; a byte that is not UTF-8 is
/// one by itself.
private struct GraphemeClusters: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var position = 0
  /// The well-formed text from `position` on that is read, and where it is.
  private var text = ""
  private var index = "".startIndex

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Range<Int>? {
    if index == text.endIndex {
      guard position < bytes.count else { return nil }
      var end = position
      while end < bytes.count {
        let (code, size) = UTF8Decoding.scalar(in: bytes.span, at: end)
        if code == nil { break }
        end += size
      }
      if end == position {
        position += 1
        return position - 1..<position
      }
      text = String(decoding: bytes[position..<end], as: UTF8.self)
      index = text.startIndex
    }
    let start = position
    position += text[index].utf8.count
    index = text.index(after: index)
    return start..<position
  }
}
