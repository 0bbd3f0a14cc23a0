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
  func `the share is never passed, and missed by less than the longest document`(
    share: Double, count: Int
  ) {
    let documents = documents(count)
    let split = DocumentSplit(documents, share: share)
    let total = documents.reduce(0) { $0 + $1.count }
    #expect(split.heldOutByteCount + split.trainingByteCount == total)
    let longest = documents.reduce(0) { max($0, $1.count) }
    #expect(Double(split.heldOutByteCount) <= (share * Double(total)).rounded(.up))
    #expect(Double(split.heldOutByteCount) > share * Double(total) - Double(longest))
    #expect(split.training.count + split.heldOut.count == count)
  }

  @Test func `the order of documents does not matter, and copies stay together`() {
    let documents = documents(40)
    let split = DocumentSplit(documents + documents, share: 0.2)
    let other = DocumentSplit(Array((documents + documents).reversed()), share: 0.2)
    #expect(Set(split.heldOut) == Set(other.heldOut))
    #expect(Set(split.heldOut).isDisjoint(with: split.training))
  }

  @Test func `a limit in bytes goes before the share`() {
    let split = DocumentSplit(documents(200), share: 0.5, sizeLimit: 300)
    #expect((201...300).contains(split.heldOutByteCount))
  }

  @Test func `one long document does not use up what is held out`() {
    let documents = [[UInt8](repeating: 65, count: 400_000)] + documents(3)
    let split = DocumentSplit(documents, share: 0.1)
    #expect(split.heldOutByteCount > 0 && split.heldOutByteCount < 400)
    #expect(split.training.contains(documents[0]))
  }

  @Test func `where no document is short enough, the shortest is held out`() {
    let documents = (1...3).map { [UInt8](repeating: UInt8($0), count: 1_000 + $0) }
    let split = DocumentSplit(documents, share: 0.1)
    #expect(split.heldOut == [documents[0]])
    #expect(DocumentSplit([documents[0]], share: 0.1).heldOut.isEmpty)
  }

  @Test func `what another split holds out is not trained on`() {
    let shared = documents(40)
    var target = DocumentSplit(shared + documents(40, seed: 2), share: 0.1)
    var replay = DocumentSplit(shared + documents(400, seed: 3), share: 0.4)
    #expect(!Set(replay.heldOut).isDisjoint(with: target.training))
    target.leaveOut(heldOutOf: replay)
    replay.leaveOut(heldOutOf: target)
    #expect(Set(replay.heldOut).isDisjoint(with: target.training))
    #expect(Set(target.heldOut).isDisjoint(with: replay.training))
  }

  @Test func `no share holds out nothing, and empty documents are left out`() {
    let split = DocumentSplit(documents(10) + [[], []], share: 0)
    #expect(split.heldOut.isEmpty && split.training.count == 10)
  }
}
