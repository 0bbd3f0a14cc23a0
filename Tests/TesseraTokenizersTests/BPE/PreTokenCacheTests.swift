import TesseraBasics
import Testing

@testable import TesseraTokenizers

@Suite struct PreTokenCacheTests {
  /// Limits of which each is reached again and again.
  private static func limits(_ number: Int) -> EncoderLimits {
    var limits = EncoderLimits()
    switch number {
    case 0: limits.shortSlotLimit = 1 << 6
    case 1: limits.longSlotLimit = 1 << 6
    case 2: limits.listLimit = 200
    default: (limits.shortSlotLimit, limits.longSlotLimit) = (1 << 8, 1 << 7)
    }
    return limits
  }

  @Test(arguments: 0..<4)
  func `encoders share it at the same time`(number: Int) async throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("o200k")
    let cache = PreTokenCache(Self.limits(number))
    var random = SplitMix64(seed: 31)
    // Words of 1 to 40 letters; the same ones for all, in another order for each.
    let words = (0..<1_000).map { _ -> [UInt8] in
      (0..<1 + random.below(40)).map { _ in UInt8(97 + random.below(26)) }
    }
    let expected = try words.map { try tokenizer.encode($0) }
    await withTaskGroup(of: Int.self) { group in
      for task in 0..<4 {
        group.addTask {
          let encoder = EncoderPool.Box(
            tokenizer.engine, PreTokenizer(pattern: tokenizer.pattern), cache)
          var random = SplitMix64(seed: UInt64(task))
          var wrongCount = 0
          for _ in 0..<4_000 {
            let index = random.below(words.count)
            let word = words[index]
            var ids: [TokenID] = []
            encoder.encodeText(word.span, into: &ids)
            if ids != expected[index] { wrongCount += 1 }
          }
          return wrongCount
        }
      }
      for await wrongCount in group { #expect(wrongCount == 0) }
    }
  }

  @Test func `a table has what was inserted by several threads`() async {
    let table = ShortPreTokens(slotCount: 1 << 12, seed: .process)
    func entry(_ number: Int) -> ShortPreTokens.Entry {
      ShortPreTokens.Entry(
        low: UInt64(number), high: 8 << 56, first: TokenID(number), second: 1, third: 2, count: 3)
    }
    let inserted = await withTaskGroup(of: [Int].self) { group in
      for task in 0..<4 {
        // Neighboring tasks have half of their entries in common.
        group.addTask {
          var inserted: [Int] = []
          var room = 0
          for number in task * 500..<task * 500 + 1_000 {
            if room == 0 { room = table.takeRoom() }
            if room == 0 { break }
            room -= 1
            table.view.insert(entry(number))
            inserted.append(number)
          }
          return inserted
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    // Two thirds of the slots are used at most.
    #expect(inserted.count > 2_400 && inserted.count <= 4_096 * 2 / 3)
    for table in [table, table.grown()] {
      for number in 0..<3_000 {
        let (low, high) = (UInt64(number), 8 << 56 as UInt64)
        let slot = table.view.slots.slot(low: low, high: high)
        let found = unsafe table.view.entry(low: low, high: high, from: slot)
        #expect(unsafe (found != nil) == inserted.contains(number))
        guard let found = unsafe found else { continue }
        #expect(unsafe found.pointee.first == TokenID(number) && found.pointee.count == 3)
      }
    }
  }

  @Test func `refuses tables that searches would not come to an end in`() async {
    await #expect(processExitsWith: .failure) {
      var limits = EncoderLimits()
      limits.shortSlotLimit = 1
      _ = PreTokenCache(limits)
    }
    await #expect(processExitsWith: .failure) {
      var limits = EncoderLimits()
      limits.longSlotLimit = 100
      _ = PreTokenCache(limits)
    }
  }

  @Test func `a full table is replaced by one with room, once`() {
    let cache = PreTokenCache(Self.limits(3))
    let first = cache.current
    let second = cache.replaced(.short, of: first)
    #expect(second.short.slotCount == first.short.slotCount)
    #expect(second.short !== first.short && cache.latestGeneration == second.generation)
    // Another encoder that found the same table full gets what is there by then.
    let third = cache.replaced(.short, of: first)
    #expect(third.short === second.short && third.generation == second.generation)
  }
}
