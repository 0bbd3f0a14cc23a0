/// The characters of some Unicode scripts, and the parts of characters that bytes may be.
///
/// Common and Inherited characters (digits, punctuation, spaces, combining marks that several scripts
/// share) belong to every set. A character has the one script of the property Script; Script_Extensions
/// are not looked at.
///
/// A token over bytes need not end where characters do. A part of a character at its edges counts as what
/// the part can be completed to: it belongs to the set if a character of the set has these bytes at that
/// place. So a set of scripts never stands in the way of merges inside its own characters.
///
/// Unicode Standard Annex #24, "Unicode Script Property", revision 38.
public struct ScriptSet: Hashable, Sendable {
  private let characters: CodePointSet
  /// The ends of characters that lack their first bytes, as numbers; see ``key(_:)``.
  private var ends: Set<UInt32> = []
  /// All parts of characters that are not the whole.
  private var parts: Set<UInt32> = []

  /// The characters of scripts.
  ///
  /// - Parameter names: Names as in Unicode's data or codes of four letters, in any case, with or without
  ///   spaces, hyphens and underscores: `Devanagari`, `Deva`, `old_italic`.
  /// - Throws: ``TrainingError/unknownScript(_:)``.
  /// - Complexity: O(number of characters in the scripts).
  public init(_ names: [String]) throws(TrainingError) {
    var sets: [CodePointSet] = []
    for name in names + ["Common", "Inherited"] {
      guard let set = CodePointSet(script: name) else { throw .unknownScript(name) }
      sets.append(set)
    }
    characters = CodePointSet(union: sets)
    let boundaries = characters.boundaries
    for index in stride(from: 0, to: boundaries.count, by: 2) {
      for code in boundaries[index]..<boundaries[index + 1] {
        guard let scalar = Unicode.Scalar(code) else { continue }
        addParts(of: Array(scalar.utf8))
      }
    }
  }

  private mutating func addParts(of bytes: [UInt8]) {
    for start in 0..<bytes.count {
      for end in start + 1...bytes.count where end - start < bytes.count {
        let key = Self.key(bytes[start..<end])
        parts.insert(key)
        if end == bytes.count { ends.insert(key) }
      }
    }
  }

  /// Up to three bytes as a number, with a one before them.
  private static func key(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(1) { $0 << 8 | UInt32($1) }
  }

  /// Whether bytes are, or can be completed to, characters of the set and nothing else.
  ///
  /// Bytes that are part of no character do not belong to any set.
  ///
  /// - Complexity: O(`bytes.count` · log(ranges of the set)).
  public func contains(_ bytes: [UInt8]) -> Bool {
    var start = 0
    while start < bytes.count, bytes[start] & 0xC0 == 0x80 { start += 1 }
    if start > 0 {
      // Three at most, or they would begin no character.
      guard start <= 3 else { return false }
      let key = Self.key(bytes[..<start])
      if start == bytes.count { return parts.contains(key) }
      if !ends.contains(key) { return false }
    }
    let span = bytes.span
    while start < bytes.count {
      let (code, size) = UTF8Decoding.scalar(in: span, at: start)
      guard let code else {
        // The beginning of a character, which no other byte of one can be taken for.
        return bytes.count - start <= 3 && bytes[start] & 0xC0 != 0x80
          && parts.contains(Self.key(bytes[start...]))
      }
      if !characters.contains(code) { return false }
      start += size
    }
    return true
  }
}
