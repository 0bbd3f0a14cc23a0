/// What one chunk of a text changes: its own copies of the rows that it touches.
///
/// A row is copied when it is first touched, changed in place as the chunk goes on, and in the end replaced
/// by its difference from the shared row. So a chunk sees its own steps and not those of others, and which
/// worker does it, and when, makes no difference.
@safe
final class RowChanges: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: one worker fills it; after a join many read it.

  /// Changes are merged in parts by the row's number modulo this.
  static let partCount = 64

  private let shared: TrainingRows
  private let stride: Int
  private var base: UnsafeMutablePointer<Float>
  private var capacity = 1 << 10
  /// An open-addressing table from rows to places: a place plus one, or 0.
  private var table = [UInt32](repeating: 0, count: 1 << 12)
  /// Which row is at a place.
  private(set) var rows: [UInt32] = []
  /// How many steps have changed it.
  private(set) var steps: [UInt32] = []
  /// The places of each part, one part after another.
  private var partStarts = [Int](repeating: 0, count: partCount + 1)
  private var partPlaces: [UInt32] = []

  /// No changes yet.
  init(of shared: TrainingRows) {
    self.shared = shared
    stride = shared.stride
    unsafe base = .allocate(capacity: capacity * stride)
  }

  deinit { unsafe base.deallocate() }

  /// Forgets all changes.
  func reset() {
    for row in rows { clear(row) }
    rows.removeAll(keepingCapacity: true)
    steps.removeAll(keepingCapacity: true)
  }

  private func clear(_ row: UInt32) {
    // Every slot of the chain, since all rows go.
    var slot = hash(row)
    while table[slot] != 0 {
      table[slot] = 0
      slot = (slot + 1) & (table.count - 1)
    }
  }

  private func hash(_ row: UInt32) -> Int {
    Int(truncatingIfNeeded: (UInt64(row) &* 0x9E37_79B9_7F4A_7C15) >> 32) & (table.count - 1)
  }

  /// The place of a row, which is copied if this is the first time.
  func place(of row: Int) -> Int {
    let key = UInt32(row)
    var slot = hash(key)
    while table[slot] != 0 {
      let place = Int(table[slot]) - 1
      if rows[place] == key { return place }
      slot = (slot + 1) & (table.count - 1)
    }
    let place = rows.count
    if place == capacity { grow() }
    // SAFETY: both rows have `stride` floats, and there is room for one more place.
    unsafe (base + place * stride).initialize(from: shared.row(row), count: stride)
    rows.append(key)
    steps.append(0)
    table[slot] = UInt32(place + 1)
    if rows.count * 2 > table.count { rehash() }
    return place
  }

  private func grow() {
    // SAFETY: the new memory has room for twice as many rows; the old one is not used any more.
    let larger = UnsafeMutablePointer<Float>.allocate(capacity: 2 * capacity * stride)
    unsafe larger.moveInitialize(from: base, count: rows.count * stride)
    unsafe base.deallocate()
    unsafe base = larger
    capacity *= 2
  }

  private func rehash() {
    table = [UInt32](repeating: 0, count: 2 * table.count)
    for (place, row) in rows.enumerated() {
      var slot = hash(row)
      while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
      table[slot] = UInt32(place + 1)
    }
  }

  /// The first float of what is at a place; valid until the next row is copied.
  @unsafe
  @inline(__always)
  func row(at place: Int) -> UnsafeMutablePointer<Float> {
    assert(place < rows.count)
    return unsafe base + place * stride
  }

  /// Counts a step that has changed what is at a place.
  @inline(__always)
  func countStep(at place: Int) { steps[place] &+= 1 }

  /// Replaces rows by their differences, and sorts places into parts.
  func finish() {
    var counts = [Int](repeating: 0, count: Self.partCount + 1)
    for (place, row) in rows.enumerated() {
      unsafe add(-1, shared.row(Int(row)), to: base + place * stride, stride)
      counts[Int(row) % Self.partCount + 1] += 1
    }
    for part in 0..<Self.partCount { counts[part + 1] += counts[part] }
    partStarts = counts
    partPlaces = [UInt32](repeating: 0, count: rows.count)
    for (place, row) in rows.enumerated() {
      let part = Int(row) % Self.partCount
      partPlaces[counts[part]] = UInt32(place)
      counts[part] += 1
    }
  }

  /// The places whose rows belong to a part.
  func places(ofPart part: Int) -> ArraySlice<UInt32> {
    partPlaces[partStarts[part]..<partStarts[part + 1]]
  }
}
