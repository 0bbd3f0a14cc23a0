/// Words of one language with their translations into another.
///
/// A file has an entry on each line: a source word and a target word, with a tab between them, or with
/// white space if there is no tab. Blank lines are left out. Phrases need the tab.
public struct BilingualDictionary: Hashable, Sendable {
  /// A word and a translation.
  public struct Entry: Hashable, Sendable {
    /// The word in the language of the base.
    public var source: [UInt8]
    /// The word in the new language.
    public var target: [UInt8]

    /// A word and a translation.
    public init(source: [UInt8], target: [UInt8]) {
      self.source = source
      self.target = target
    }
  }

  /// What errors call the dictionary: the path of its file.
  public let path: String
  /// The entries in their order.
  public let entries: [Entry]

  /// The most bytes of a line.
  static let lineLimit = 1 << 16

  /// A dictionary out of entries.
  public init(entries: [Entry], path: String = "the dictionary") {
    self.entries = entries
    self.path = path
  }

  /// Reads a file; `.gz` and `.zst` are decompressed.
  ///
  /// - Throws: ``WordVectorError/malformedEntry(path:line:)`` and what reading throws.
  public init(path: String) throws(WordVectorError) {
    let reader = try LineReader(path: path)
    var entries: [Entry] = []
    var line = 1
    while let block = try reader.nextLines(size: 1 << 20, limit: Self.lineLimit) {
      for range in block.lines {
        let text = block.bytes[range]
        if !text.allSatisfy(\.isASCIISpace) {
          guard let entry = Self.entry(text) else {
            throw .malformedEntry(path: path, line: line)
          }
          entries.append(entry)
        }
        line += 1
      }
    }
    self.init(entries: entries, path: path)
  }

  private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
    let hasTab = line.contains(UInt8(ascii: "\t"))
    let fields = line.split { hasTab ? $0 == UInt8(ascii: "\t") : $0.isASCIISpace }
      .map { trimmed($0) }.filter { !$0.isEmpty }
    return fields.count == 2 ? Entry(source: Array(fields[0]), target: Array(fields[1])) : nil
  }

  private static func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var field = field.drop(while: \.isASCIISpace)
    while let last = field.last, last.isASCIISpace { field.removeLast() }
    return field
  }

  /// A word as it is, in lower case, and with capitals: texts have words in all three forms, and
  /// dictionaries in one. Forms may be equal. A word that is not UTF-8 has one form, three times.
  ///
  /// Minixhofer, Paischer and Rekabsaz, "WECHSEL", 2022, arXiv:2112.06598, in their code.
  static func forms(of word: [UInt8]) -> [[UInt8]] {
    guard let text = String(validating: word, as: UTF8.self) else { return [word, word, word] }
    return [word, Array(text.lowercasedWithFinalSigma().utf8), Array(titleCased(text).utf8)]
  }

  /// The first letter of each run of letters in title case, the others in lower case.
  private static func titleCased(_ text: String) -> String {
    var result = ""
    var isInside = false
    for (scalar, lowered) in zip(text.unicodeScalars, text.lowercaseMappings) {
      let isCased = scalar.properties.isCased
      result +=
        !isCased ? String(scalar) : isInside ? lowered : scalar.properties.titlecaseMapping
      isInside = isCased
    }
    return result
  }
}
