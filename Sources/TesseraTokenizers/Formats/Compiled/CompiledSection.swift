internal import TesseraBasics

// A compiled tokenizer: the tables that loading would build, as they are in memory.
//
//   offset  size  content of the header
//        0     8  "TESSERAT"
//        8     4  0x0A0B0C0D in the machine's byte order, which all numbers have
//       12     4  the version, 1
//       16     8  the first word of the hashes' seed
//       24     8  the second word
//       32     4  the number of sections
//       36     4  zero
//       40     8  the size of the file
//       48   24n  for each section: where it is, its size in bytes, and its checksum, 8 bytes each
//   48+24n     8  the checksum of what comes before
//
// Sections follow in the order of their numbers, each at a multiple of 64. What is checked when:
//
//   - In the beginning, the header: its checksum, and that sections lie in the file one after another.
//   - When a section is asked for, its checksum, so that all that is used is read through once.
//   - Before it is used, what a section holds: indices, sizes and free slots. No file, whoever made it,
//     lets the program read outside of its tables or search without end.
//   - Not checked: whether the tables say what the tokens and merges say. A file that somebody made for
//     that gives other IDs, and nothing worse.
//
// The large tables stay where they are in the mapped file; tokens and merges are copied into arrays. A
// file must not be changed in its place while it is used: `tessera convert --force` puts a new one there.

/// The parts of a compiled tokenizer.
enum CompiledSection: Int, CaseIterable {
  /// A JSON object: everything but the tables.
  case description
  /// The bytes of all tokens, one after another.
  case tokenBytes
  /// For each ID, where its token begins, and its size: two numbers of 32 bits.
  case tokenPlaces
  /// From bytes to IDs, numbers of 32 bits; ``TokenTable``.
  case tokenSlots
  /// Left and right token and result of each merge: three numbers of 32 bits.
  case merges
  /// Which merges come first, where that is not their order: numbers of 32 bits.
  case priorities
  /// From pairs to merges; ``PairTable``.
  case pairEntries
  /// The filter of the same table.
  case pairFilter
  /// Packed tokens; ``WholeTokenTable``.
  case wholeKeys
  /// The IDs of the same table.
  case wholeIDs
  /// Which characters may be side by side; ``CharacterJoints`` or ``WideJoints``.
  case joints
  /// The scores of SentencePiece's pieces: 32-bit floats.
  case scores
  /// The kinds of pieces, a byte each.
  case kinds

  /// The section for messages.
  var member: String { "the section \(self)" }
}

/// The numbers at the beginning of a compiled tokenizer.
enum CompiledHeader {
  static let magic = Array("TESSERAT".utf8)
  static let byteOrderMark: UInt32 = 0x0A0B_0C0D
  static let version: UInt32 = 1
  static let sectionsOffset = 48
  static let entrySize = 24
  static let alignment = 64

  static var size: Int { sectionsOffset + CompiledSection.allCases.count * entrySize + 8 }

  /// The next multiple of the alignment.
  static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }
}
