import TesseraBasics

extension SymbolArena {
  /// The pre-tokens of a source as a tokenizer's model encodes them, for training that goes on from
  /// there. Pre-tokens of one token have no pairs and are left out.
  ///
  /// Each run gets room for a symbol a byte; when all is written, the runs are moved together.
  ///
  /// - Parameters:
  ///   - source: The pre-tokens.
  ///   - plan: What the source has.
  ///   - compiled: The model.
  ///   - firstSymbol: The ID of the model that is the symbol 0.
  ///   - visit: Called with the symbols of each pre-token that is in the arena.
  init(
    _ source: some PreTokenSource, _ plan: ArenaPlan, encodedWith compiled: CompiledBPE,
    firstSymbol: TokenID = 0, _ visit: (ArraySlice<TokenID>) -> Void = { _ in }
  ) throws(CountFileError) {
    self.init()
    var places = startRuns(plan)
    var slots = exchange(&self.slots, with: [])
    var batch = PreTokenBatch()
    func write() {
      batch.forEachEncoded(with: compiled) { symbols, count in
        if symbols.count < 2 { return }
        visit(symbols)
        var place = places.take(symbols.count + 1, count)
        for symbol in symbols {
          slots[place] = Slot(symbol - firstSymbol)
          place += 1
        }
      }
      batch.removeAll()
    }
    try source.forEach { bytes, count throws(CountFileError) in
      batch.append(bytes, count)
      if batch.isFull { write() }
    }
    write()
    self.slots = exchange(&slots, with: [])
    moveRunsTogether(places)
    finish()
  }
}

/// Pre-tokens that are encoded together, on all threads.
private struct PreTokenBatch {
  private var text: [UInt8] = []
  private var ends: [Int] = []
  private var counts: [UInt64] = []

  /// The size in bytes from which on a batch is encoded.
  private static let size = 1 << 20

  var isFull: Bool { text.count + 8 * ends.count >= Self.size }

  mutating func append(_ bytes: Span<UInt8>, _ count: UInt64) {
    for index in bytes.indices { text.append(bytes[index]) }
    ends.append(text.count)
    counts.append(count)
  }

  mutating func removeAll() {
    text.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
  }

  /// Calls the body with the tokens of each pre-token and its count, in order.
  func forEachEncoded(
    with compiled: CompiledBPE, _ body: (ArraySlice<TokenID>, UInt64) -> Void
  ) {
    let partCount = max(1, min(Workers.threadCount, ends.count / 64))
    let (text, ends) = (text, ends)
    // Flat: the tokens of a part of the pre-tokens, and where those of each end.
    let parts = parallelMap(partCount) { part -> (ids: [TokenID], ends: [Int]) in
      var encoder = TextEncoder(
        compiled, PreTokenizer(pattern: .none), PreTokenCache(.forDistinctTexts))
      var ids: [TokenID] = []
      var idEnds: [Int] = []
      for index in ends.count * part / partCount..<ends.count * (part + 1) / partCount {
        let start = index == 0 ? 0 : ends[index - 1]
        encoder.encodeText(text.span.extracting(start..<ends[index]), into: &ids)
        idEnds.append(ids.count)
      }
      return (ids, idEnds)
    }
    var index = 0
    for part in parts {
      var start = 0
      for end in part.ends {
        body(part.ids[start..<end], counts[index])
        start = end
        index += 1
      }
    }
  }
}

extension EncoderLimits {
  /// Limits for texts that do not come again: next to nothing is kept.
  static var forDistinctTexts: EncoderLimits {
    var limits = EncoderLimits()
    limits.shortSlotLimit = 1 << 10
    limits.longSlotLimit = 1 << 10
    limits.listLimit = 1 << 15
    return limits
  }
}
