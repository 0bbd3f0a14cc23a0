import TesseraBasics

/// One pass over a collection of documents that are packed whole, best fit first.
///
/// A document of m tokens fills m / length sequences of its own, and its rest is packed with others: the
/// longest rest first, into the sequence that it leaves the least room in, or into a new one. Among equal
/// rests the order is drawn anew for every pass, and so is that of the sequences; how many there are is
/// the same in all of them. Every token is a target exactly once in a pass, but for those of prefixes.
///
/// All of it is a pure function of the documents' lengths, the sequence length, the seed and the stream
/// number.
///
/// - Complexity: O(n log₆₄ l) time and O(n + l) memory, for n documents and the length l.
struct PackedOrder: Sendable {
  private let length: Int
  /// The documents that fill sequences, and how many sequences those up to each fill.
  private let full: [(document: UInt32, end: Int)]
  /// For each sequence of rests, the document whose rest it begins with.
  private let heads: [UInt32]
  /// For each document, the one whose rest follows in the same sequence.
  private let next: [UInt32]
  /// The sequences in this pass's order.
  private let sequences: [UInt32]

  /// No document, no sequence.
  private static let none = UInt32.max

  /// The number of sequences in a pass.
  static func sequenceCount(of source: SourceDocuments, length: Int) -> Int {
    var counts = [Int](repeating: 0, count: length)
    var sequenceCount = 0
    for document in 0..<source.count {
      let tokenCount = source.tokenCount(of: document)
      sequenceCount += tokenCount / length
      counts[tokenCount % length] += 1
    }
    // How many sequences have some room left.
    var open = [Int](repeating: 0, count: length)
    var rooms = CapacityIndex(bound: length)
    for rest in stride(from: length - 1, to: 0, by: -1) {
      for _ in 0..<counts[rest] {
        var room = length
        if let found = rooms.smallest(from: rest) {
          room = found
          open[room] -= 1
          if open[room] == 0 { rooms.remove(room) }
        } else {
          sequenceCount += 1
        }
        guard room > rest else { continue }
        open[room - rest] += 1
        rooms.insert(room - rest)
      }
    }
    return sequenceCount
  }

  /// Lays out a pass.
  init(of source: SourceDocuments, length: Int, seed: UInt64, stream: UInt64) {
    self.length = length
    var random = SplitMix64(seed: seed, stream: stream)
    var order = (0..<UInt32(source.count)).map { $0 }
    EpochOrder.shuffle(&order, using: &random)
    let lengths = order.map { source.tokenCount(of: Int($0)) }
    var full: [(document: UInt32, end: Int)] = []
    // Where the documents with each rest begin, the longest first.
    var places = [Int](repeating: 0, count: length)
    for (document, count) in zip(order, lengths) {
      if count >= length { full.append((document, (full.last?.end ?? 0) + count / length)) }
      places[count % length] += 1
    }
    var sum = 0
    for rest in stride(from: length - 1, to: 0, by: -1) {
      (places[rest], sum) = (sum, sum + places[rest])
    }
    var sorted = [(document: UInt32, rest: UInt32)](repeating: (0, 0), count: sum)
    for (document, count) in zip(order, lengths) where count % length > 0 {
      sorted[places[count % length]] = (document, UInt32(count % length))
      places[count % length] += 1
    }
    var heads: [UInt32] = []
    var next = [UInt32](repeating: Self.none, count: source.count)
    // The sequences with some room left, as stacks.
    var top = [UInt32](repeating: Self.none, count: length)
    var below: [UInt32] = []
    var rooms = CapacityIndex(bound: length)
    for (document, rest) in sorted {
      let rest = Int(rest)
      let sequence: UInt32
      var room = length
      if let found = rooms.smallest(from: rest) {
        room = found
        sequence = top[room]
        top[room] = below[Int(sequence)]
        if top[room] == Self.none { rooms.remove(room) }
        next[Int(document)] = heads[Int(sequence)]
        heads[Int(sequence)] = document
      } else {
        sequence = UInt32(heads.count)
        heads.append(document)
        below.append(Self.none)
      }
      guard room > rest else { continue }
      below[Int(sequence)] = top[room - rest]
      top[room - rest] = sequence
      rooms.insert(room - rest)
    }
    var sequences = (0..<UInt32((full.last?.end ?? 0) + heads.count)).map { $0 }
    EpochOrder.shuffle(&sequences, using: &random)
    self.full = full
    self.heads = heads
    self.next = next
    self.sequences = sequences
  }

  /// Writes the `index`-th sequence of the pass.
  func read(
    sequence index: Int, of source: SourceDocuments, into content: inout BatchContent,
    at offset: Int
  ) {
    let sequence = Int(sequences[index])
    let fullCount = full.last?.end ?? 0
    guard sequence >= fullCount else {
      let place = slot(of: sequence)
      let part = sequence - (place == 0 ? 0 : full[place - 1].end)
      content.write(
        part * length..<(part + 1) * length, of: Int(full[place].document), in: source, at: offset)
      return
    }
    var position = offset
    var document = heads[sequence - fullCount]
    while document != Self.none {
      let count = source.tokenCount(of: Int(document))
      let range = count - count % length..<count
      content.write(range, of: Int(document), in: source, at: position)
      position += range.count
      document = next[Int(document)]
    }
    content.pad(position..<offset + length, with: source.endOfText)
  }

  /// Which of the documents that fill sequences fills this one.
  private func slot(of sequence: Int) -> Int {
    var low = 0
    var high = full.count - 1
    while low < high {
      let middle = (low + high) / 2
      if full[middle].end > sequence { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
