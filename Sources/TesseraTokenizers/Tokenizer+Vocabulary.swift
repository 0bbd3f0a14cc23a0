internal import TesseraBasics

extension Tokenizer {
  /// The 32 bytes of a hash that tells vocabularies apart: which bytes each ID stands for, and which token
  /// ends a text.
  ///
  /// Tokenizers with the same hash give IDs that a model reads alike, whatever file they come from. How they
  /// split text is not part of it.
  ///
  /// SHA-256 of, for each ID from 0 to ``vocabularySize``, the number of its token's bytes (4 bytes, the
  /// lowest first; 2^32 - 1 where there is no token) and these bytes; then ``endOfText`` (4 bytes, 2^32 - 1
  /// for none).
  ///
  /// - Complexity: O(bytes of the vocabulary).
  public var vocabularyDigest: [UInt8] {
    var hash = SHA256()
    var buffer: [UInt8] = []
    for id in 0..<TokenID(vocabularySize) {
      if let bytes = bytes(of: id) {
        buffer.append(littleEndian: UInt32(bytes.count))
        buffer += bytes
      } else {
        buffer.append(littleEndian: UInt32.max)
      }
      if buffer.count >= 1 << 16 {
        hash.update(buffer)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    buffer.append(littleEndian: endOfText ?? .max)
    hash.update(buffer)
    return hash.finalize()
  }

  /// The number of bytes that a token stands for; 0 if there is no such token.
  package func byteCount(of id: TokenID) -> Int {
    let size = tokens.size(of: id)
    // Added tokens may lie outside the table of the model's own.
    return size > 0 ? size : bytes(of: id)?.count ?? 0
  }
}
