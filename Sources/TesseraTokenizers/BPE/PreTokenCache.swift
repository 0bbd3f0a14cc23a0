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
  /// Made when an encoder first asks, for many tokenizers never encode.
  private let tables = Mutex<Tables?>(nil)
  private let latest = Atomic<Int>(0)

  init(_ limits: EncoderLimits, seed: HashSeed = .process) {
    precondition(
      [limits.shortSlotLimit, limits.longSlotLimit].allSatisfy {
        $0 >= 64 && $0.nonzeroBitCount == 1
      }, "tables have 64 slots or more, a power of two")
    self.limits = limits
    self.seed = seed
  }

  /// The number of the latest tables.
  @inline(__always)
  var latestGeneration: Int { latest.load(ordering: .acquiring) }

  /// The latest tables.
  var current: Tables {
    tables.withLock { tables in
      if let tables { return tables }
      let first = empty(
        shortSlots: min(1 << 13, limits.shortSlotLimit),
        longSlots: min(1 << 10, limits.longSlotLimit))
      tables = first
      return first
    }
  }

  private func empty(shortSlots: Int, longSlots: Int) -> Tables {
    Tables(
      generation: 0, short: ShortPreTokens(slotCount: shortSlots, seed: seed),
      long: LongPreTokens(slotCount: longSlots), words: PreTokenWords(limit: limits.listLimit))
  }

  /// What of the tables is full.
  enum Part { case short, long, words }

  /// The tables after those in which there is no room left, replaced if nobody else did it.
  func replaced(_ full: Part, of old: Tables) -> Tables {
    tables.withLock { tables in
      if let tables, tables.generation != old.generation { return tables }
      var new = old
      switch full {
      case .short where old.short.slotCount < limits.shortSlotLimit: new.short = old.short.grown()
      case .long where old.long.slotCount < limits.longSlotLimit: new.long = old.long.grown()
      default:
        // Of the same size, for what filled them goes on.
        new = empty(
          shortSlots: old.short.slotCount, longSlots: old.long.slotCount)
      }
      new.generation = old.generation + 1
      tables = new
      latest.store(new.generation, ordering: .releasing)
      return new
    }
  }
}
