import CTesseraKernels
import TesseraBasics
import Testing

@testable import TesseraTokenizers

@Suite struct SlotFinderTests {
  /// The keys and slots of pre-tokens, until one is too long.
  private typealias Finding = (
    UnsafePointer<UInt8>, UnsafePointer<Int>, UnsafeMutablePointer<PendingPreToken>
  ) -> Int

  @Test(.enabled(if: SlotFinder.best != nil, "this processor has no such instructions"))
  func `finds what is found one by one`() {
    var random = SplitMix64(seed: 5)
    let table = ShortPreTokens(slotCount: 1 << 13, seed: .process)
    let slots = table.view.slots
    var longCount = 0
    for round in 0..<500 {
      // One in so many pre-tokens is too long for a key; they end where the text does.
      let longShare = [1, 4, 100][round % 3]
      let sizes = (0..<1 + random.below(80)).map { _ in
        random.below(longShare) == 0 ? 16 + random.below(20) : 1 + random.below(15)
      }
      let start = random.below(3)
      let ends = sizes.indices.map { start + sizes[...$0].reduce(0, +) }
      let text = (0..<ends.last!).map { _ in UInt8(random.below(256)) }
      func found(_ find: Finding) -> [PendingPreToken] {
        unsafe [PendingPreToken](unsafeUninitializedCapacity: ends.count) { buffer, count in
          // SAFETY: all pre-tokens are in the text, and there is room for each.
          count = unsafe find(text, ends, buffer.baseAddress!)
        }
      }
      let fast = unsafe found {
        unsafe slots.find($0, text.count, from: start, to: $1, count: ends.count, into: $2)
      }
      let slow = unsafe found {
        unsafe slots.findOneByOne(
          $0, text.count, from: start, to: $1, count: ends.count, into: $2)
      }
      longCount += slow.count < ends.count ? 1 : 0
      #expect(fast.count == slow.count)
      for (a, b) in zip(fast, slow) {
        #expect(a.low == b.low && a.high == b.high && a.slot == b.slot && a.end == b.end)
      }
    }
    #expect(longCount > 100 && longCount < 500)
  }
}
