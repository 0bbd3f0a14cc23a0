internal import Synchronization

// What pre-tokens were encoded as, so that each one is merged once: two tables, `ShortPreTokens` and
// `LongPreTokens`, and a list of words for what does not fit into their entries.
//
// All encoders of a tokenizer share one cache, so that few words are merged twice and more encoders do not
// take more memory. A table that is full is replaced by a larger one with the same entries, and at the
// limit by an empty one. An encoder goes on with the tables that it has until it looks up more, and what it
// inserts into old ones is lost; one that rests keeps those that it used last.

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
    precondition(
      [limits.shortSlotLimit, limits.longSlotLimit].allSatisfy {
        $0 >= 64 && $0.nonzeroBitCount == 1
      }, "tables have 64 slots or more, a power of two")
    self.limits = limits
    self.seed = seed
    tables = Mutex(
      Tables(
        generation: 0,
        short: ShortPreTokens(slotCount: min(1 << 13, limits.shortSlotLimit), seed: seed),
        long: LongPreTokens(slotCount: min(1 << 10, limits.longSlotLimit)),
        words: PreTokenWords(limit: limits.listLimit)))
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
        // Of the same size, for what filled them goes on.
        tables.short = ShortPreTokens(slotCount: tables.short.slotCount, seed: seed)
        tables.long = LongPreTokens(slotCount: tables.long.slotCount)
        tables.words = PreTokenWords(limit: limits.listLimit)
      }
      tables.generation = generation + 1
      latest.store(generation + 1, ordering: .releasing)
      return tables
    }
  }
}
