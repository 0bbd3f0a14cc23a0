/// How much memory a training may take, and where it puts what does not fit.
///
/// The merges do not depend on it. Counting writes what it has to files, sorted, whenever its table
/// has grown to its share, and adds the files up at the end; merging follows fewer pairs at a time,
/// and goes over the pre-tokens more often. What has to fit are the distinct pre-tokens, with two
/// bytes for each of theirs, and four where the vocabulary has more than 32,766 tokens.
public struct MemoryBudget: Hashable, Sendable {
  /// The most memory that the process may have, in bytes.
  public var size: Int
  /// The folder for the files; it exists, and what is put there is removed again.
  public var folder: String

  /// A budget of so many bytes.
  public init(size: Int, folder: String) {
    self.size = size
    self.folder = folder
  }

  /// What the process takes whatever it does: code, tables of Unicode, and small memory.
  static let fixedSize = 36 << 20
  /// The least that counting works with, whatever the corpus.
  public static let minimumSize = fixedSize + (16 << 20)

  /// What there is for data.
  private var dataSize: Int { size - Self.fixedSize }

  /// How large the tables of counting may get: half of the data's share. The rest is for the text
  /// that is being counted, and for the growth of a table until it is looked at.
  var tableSize: Int { dataSize / 2 }

  /// Whether tables and an arena of these sizes fit, with what it takes to fill the arena.
  func fits(tables: Int, arena: Int) -> Bool { tables + arena <= dataSize / 8 * 7 }

  /// The size of chunks for so many threads.
  ///
  /// A byte of text makes a table grow by 20 bytes at most: three bytes or more for each new
  /// pre-token of 24 bytes, in tables that are at least three eighths full. A batch, and the next
  /// one that is read meanwhile, have two chunks for each thread.
  func chunkSize(threadCount: Int) -> Int {
    max(1 << 12, min(DocumentChunks.chunkSize, dataSize / (256 * threadCount)))
  }

  /// The most bytes of a text that has no place to cut it at.
  var uncutSize: Int { dataSize / 8 }

  /// What a text needs that has no place to cut it at.
  static func minimumSize(uncut size: Int) -> Int { fixedSize + 8 * (size + 1) }

  /// What merging takes beside the arena and the lists of positions: small tables.
  private static let mergingTableSize = 8 << 20

  /// Refuses what is too small for merging, as far as a part of the pre-tokens tells.
  ///
  /// - Throws: ``TrainingError/memoryTooSmall(size:minimum:for:)``.
  func checkMerging(ofAtLeast totals: CountTotals) throws(TrainingError) {
    // Slots of 16 bits, and not one pair that stands anywhere twice.
    let slotCount = totals.textSize + totals.distinctCount + 1
    let minimum =
      Self.fixedSize + slotCount * MemoryLayout<UInt16>.stride + Self.mergingTableSize
    if size < minimum {
      throw .memoryTooSmall(size: size, minimum: minimum, for: .mergingSoFar)
    }
  }

  /// What merging may take, for an arena of so many bytes and a bound for how often a pair stands in
  /// it.
  ///
  /// - Throws: ``TrainingError/memoryTooSmall(size:minimum:for:)``.
  func mergingSize(arenaSize: Int, longestList: Int) throws(TrainingError) -> Int {
    // The longest list of positions, the lists of the pairs that its merge makes, and what they are
    // collected in.
    let least = 32 * longestList + Self.mergingTableSize
    let minimum = Self.fixedSize + arenaSize + least
    guard size >= minimum else {
      let unit = 1 << 20
      throw .memoryTooSmall(
        size: size, minimum: (minimum + unit - 1) / unit * unit, for: .merging)
    }
    return dataSize - arenaSize
  }

  /// Refuses what is too small for any corpus.
  ///
  /// - Throws: ``TrainingError/memoryTooSmall(size:minimum:for:)``.
  public func check() throws(TrainingError) {
    guard size >= Self.minimumSize else {
      throw .memoryTooSmall(size: size, minimum: Self.minimumSize, for: .counting)
    }
  }
}

/// The steps of a training that take memory, each its own least.
public enum MemoryUse: Hashable, Sendable {
  /// Counting pre-tokens. How much merging needs is known when it is done.
  case counting
  /// Merging, which comes last.
  case merging
  /// Merging, for what was counted until it was too much; the whole corpus may need more.
  case mergingSoFar

  /// What the least is for, in words.
  var least: String {
    switch self {
    case .counting: "is the least that counting works with"
    case .merging: "is the least that merging works with"
    case .mergingSoFar: "is the least that merging works with for what has been counted so far"
    }
  }
}

extension MemoryBudget {
  /// A number of bytes as `--memory` takes it, in the largest unit that divides it.
  static func text(ofSize size: Int) -> String {
    for (power, letter) in [(30, "G"), (20, "M"), (10, "K")]
    where size != 0 && size % (1 << power) == 0 {
      return "\(size >> power)\(letter)"
    }
    return "\(size)"
  }
}
