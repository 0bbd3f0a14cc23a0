/// How a file is compressed.
public enum CompressionFormat: String, Hashable, Sendable, CaseIterable {
  /// Deutsch, "GZIP File Format Specification Version 4.3", 1996, RFC 1952; any number of members.
  case gzip
  /// Collet and Kucherawy, "Zstandard Compression", 2021, RFC 8878; any number of frames.
  case zstd

  /// The end of a name: `.gz` or `.zst`.
  public var suffix: String {
    switch self {
    case .gzip: ".gz"
    case .zstd: ".zst"
    }
  }

  /// The format that a name's end stands for, in any case; nil for a file that is not compressed.
  public init?(suffixOf path: String) {
    let name = path.lowercased()
    guard let format = CompressionFormat.allCases.first(where: { name.hasSuffix($0.suffix) }) else {
      return nil
    }
    self = format
  }

  /// The format that content begins like; nil for anything else, all text in UTF-8 included.
  package init?(magicOf content: [UInt8]) {
    if content.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if content.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
      self = .zstd
    } else {
      return nil
    }
  }

  /// How many bytes of a member or frame tell that it is one.
  static let magicSize = 4

  /// Whether a member or frame may begin with these bytes, or what follows them.
  func canBegin(with bytes: ArraySlice<UInt8>) -> Bool {
    switch self {
    case .gzip:
      return zip(bytes, [0x1F, 0x8B]).allSatisfy { $0 == $1 }
    case .zstd:
      let isData = zip(bytes, [0x28, 0xB5, 0x2F, 0xFD]).allSatisfy { $0 == $1 }
      // A frame to skip has one of 16 first bytes.
      let isSkippable = zip(bytes, [0x50, 0x2A, 0x4D, 0x18]).enumerated().allSatisfy {
        $0 == 0 ? $1.0 & 0xF0 == $1.1 : $1.0 == $1.1
      }
      return isData || isSkippable
    }
  }
}
