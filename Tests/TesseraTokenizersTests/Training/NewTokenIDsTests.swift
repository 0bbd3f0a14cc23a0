import TesseraTokenizers
import Testing

@Suite struct NewTokenIDsTests {
  @Test func `listed IDs come before consecutive ones`() {
    let ids = NewTokenIDs(listed: [7, 9], from: 300)
    #expect((0..<4).map { ids[$0] } == [7, 9, 300, 301])
    for index in 0..<10 {
      #expect(ids.index(of: ids[index]) == index)
      #expect(ids.firstIndex(from: ids[index]) == index)
    }
    for id: TokenID in [0, 6, 8, 10, 299] { #expect(ids.index(of: id) == nil) }
    #expect(ids.firstIndex(from: 8) == 1)
    #expect(ids.firstIndex(from: 10) == 2)
    #expect(ids.rows(count: 1) == RangeSet(7..<8))
    #expect(ids.rows(count: 4) == RangeSet([7..<8, 9..<10, 300..<302]))
    #expect(ids.rows(count: 0).isEmpty)
  }

  @Test func `without listed ones they are consecutive`() {
    let ids = NewTokenIDs(from: 5)
    #expect((0..<3).map { ids[$0] } == [5, 6, 7])
    #expect(ids.index(of: 4) == nil)
    #expect(ids.index(of: 7) == 2)
    #expect(ids.rows(count: 3) == RangeSet(5..<8))
  }

  @Test func `IDs that do not ascend are a mistake`() async {
    await #expect(processExitsWith: .failure) { _ = NewTokenIDs(listed: [3, 3], from: 9) }
    await #expect(processExitsWith: .failure) { _ = NewTokenIDs(listed: [3, 9], from: 9) }
  }
}
