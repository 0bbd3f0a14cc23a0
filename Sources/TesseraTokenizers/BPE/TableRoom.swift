internal import Synchronization

/// How many more entries a table takes that several encoders write to: two thirds of its slots in all.
///
/// An encoder takes room for some entries at once, because a counter that all of them change all the
/// time would slow them down. What is taken counts as used, so there are always free slots.
final class TableRoom: Sendable {
  private let limit: Int
  private let step: Int
  private let takenCount = Atomic<Int>(0)

  init(slotCount: Int) {
    limit = slotCount * 2 / 3
    step = max(1, min(64, slotCount >> 6))
  }

  /// How many entries the caller may insert; zero if the table is full.
  func take() -> Int {
    if takenCount.load(ordering: .relaxed) > limit - step { return 0 }
    return takenCount.wrappingAdd(step, ordering: .relaxed).oldValue <= limit - step ? step : 0
  }

  /// Counts entries that are there already.
  func take(_ count: Int) { takenCount.add(count, ordering: .relaxed) }
}
