import TesseraBasics
import TesseraCorpora
import TesseraTraining
import Testing

@Suite struct DocumentSplitTests {
  private func documents(_ count: Int, seed: UInt64 = 1) -> [[UInt8]] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      (0..<20 + random.below(80)).map { _ in UInt8(random.below(256)) }
    }
  }

  @Test(arguments: [0.05, 0.1, 0.3, 0.5], [10, 30, 200])
  func `the share is reached, and by no more than one document too many`(
    share: Double, count: Int
  ) {
    let documents = documents(count)
    let split = DocumentSplit(documents, share: share)
    let total = documents.reduce(0) { $0 + $1.count }
    #expect(split.heldOutByteCount + split.trainingByteCount == total)
    #expect(Double(split.heldOutByteCount) >= share * Double(total))
    #expect(Double(split.heldOutByteCount) < share * Double(total) + 101)
    #expect(split.training.count + split.heldOut.count == count)
  }

  @Test func `the order of documents does not matter, and copies stay together`() {
    let documents = documents(40)
    let split = DocumentSplit(documents + documents, share: 0.2)
    let other = DocumentSplit(Array((documents + documents).reversed()), share: 0.2)
    #expect(Set(split.heldOut) == Set(other.heldOut))
    #expect(Set(split.heldOut).isDisjoint(with: split.training))
    #expect(split.heldOut.allSatisfy { split.rule.isHeldOut($0) })
    #expect(!split.training.contains { split.rule.isHeldOut($0) })
  }

  @Test func `a limit in bytes goes before the share`() {
    let split = DocumentSplit(documents(200), share: 0.5, sizeLimit: 300)
    #expect((300..<401).contains(split.heldOutByteCount))
  }

  @Test func `no share holds out nothing, and empty documents are left out`() {
    let split = DocumentSplit(documents(10) + [[], []], share: 0)
    #expect(split.heldOut.isEmpty && split.training.count == 10)
  }
}
