internal import Synchronization

// What pre-tokens were encoded as, so that each one is merged once: two tables, `ShortPreTokens` and
// `LongPreTokens`, and a list of words for what does not fit into their entries.
//
// All encoders of a tokenizer share one cache, so that no two of them merge the same word, and their
// number does not change how much memory there is. A table that is full is replaced by a larger one
// with the same entries, and at the limit by an empty one. An encoder goes on with the tables that it
// has until it looks for others, and what it inserts into those is lost.

/// A bounded memory of encoded pre-tokens for several encoders at the same time.
///
/// It holds nothing but what merging gave.
final class PreTokenCache: Sendable {
  /// The tables at a time.
  struct Tables {
    var generation: Int
    var short: ShortPreTokens
    var long: LongPreTokens
    var words: PreTokenWords
  }

  let limits: EncoderLimits
  private let seed: HashSeed
  private let tables: Mutex<Tables>
  private let latest = Atomic<Int>(0)

  init(_ limits: EncoderLimits, seed: HashSeed = .process) {
    self.limits = limits
    self.seed = seed
    tables = Mutex(Self.emptyTables(generation: 0, limits, seed))
  }

  private static func emptyTables(
    generation: Int, _ limits: EncoderLimits, _ seed: HashSeed
  ) -> Tables {
    Tables(
      generation: generation,
      short: ShortPreTokens(slotCount: min(1 << 13, limits.shortSlotLimit), seed: seed),
      long: LongPreTokens(slotCount: min(1 << 10, limits.longSlotLimit)),
      words: PreTokenWords(limit: limits.listLimit))
  }

  /// The number of the latest tables.
  @inline(__always)
  var latestGeneration: Int { latest.load(ordering: .acquiring) }

  /// The latest tables.
  var current: Tables { tables.withLock { $0 } }

  /// What of the tables is full.
  enum Part { case short, long, words }

  /// The tables after those in which there is no room left, replaced if nobody else did it.
  func replaced(_ full: Part, of generation: Int) -> Tables {
    tables.withLock { tables in
      if tables.generation != generation { return tables }
      switch full {
      case .short where tables.short.slotCount < limits.shortSlotLimit:
        tables.short = tables.short.grown()
      case .long where tables.long.slotCount < limits.longSlotLimit:
        tables.long = tables.long.grown()
      default:
        tables = Self.emptyTables(generation: generation, limits, seed)
      }
      tables.generation = generation + 1
      latest.store(generation + 1, ordering: .releasing)
      return tables
    }
  }
}
