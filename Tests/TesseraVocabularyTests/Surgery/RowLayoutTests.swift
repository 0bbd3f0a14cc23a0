import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct RowLayoutTests {
  @Test func `new rows come after all old ones`() {
    let layout = RowLayout(
      baseRowCount: 128, ids: NewTokenIDs(from: 128), newTokenCount: 10)
    #expect(layout.newRows == RangeSet(128..<138))
    #expect(layout.rowCount == 138)
    #expect(layout.baseRows == RangeSet(0..<128))
    #expect(layout.replacedRows.isEmpty)
    #expect(layout.fillers.isEmpty)
  }

  @Test func `padding is used up first`() {
    let few = RowLayout(baseRowCount: 128, ids: NewTokenIDs(from: 100), newTokenCount: 10)
    #expect(few.newRows == RangeSet(100..<110))
    #expect(few.rowCount == 128)
    #expect(few.baseRows == RangeSet([0..<100, 110..<128]))
    #expect(few.replacedRows == few.newRows)
    let many = RowLayout(baseRowCount: 128, ids: NewTokenIDs(from: 100), newTokenCount: 40)
    #expect(many.newRows == RangeSet(100..<140))
    #expect(many.rowCount == 140)
    #expect(many.baseRows == RangeSet(0..<100))
    #expect(many.replacedRows == RangeSet(100..<128))
  }

  @Test func `listed IDs are used before all others`() {
    let ids = NewTokenIDs(listed: [3, 4, 9], from: 12)
    let few = RowLayout(baseRowCount: 14, ids: ids, newTokenCount: 2, multiple: 4)
    #expect(few.newRows == RangeSet(3..<5))
    #expect(few.rowCount == 16)
    #expect(few.fillers == 14..<16)
    #expect(few.segments == [.base(0..<3), .new(0..<2), .base(5..<14)])
    let many = RowLayout(baseRowCount: 14, ids: ids, newTokenCount: 6)
    #expect(many.newRows == RangeSet([3..<5, 9..<10, 12..<15]))
    #expect(many.rowCount == 15)
    #expect(many.newRowCount == 6)
    #expect(many.replacedRows == RangeSet([3..<5, 9..<10, 12..<14]))
    #expect(
      many.segments == [
        .base(0..<3), .new(0..<2), .base(5..<9), .new(2..<3), .base(10..<12), .new(3..<6),
      ])
  }

  @Test func `the number of rows can be a multiple`() {
    let ids = NewTokenIDs(from: 100)
    let layout = RowLayout(baseRowCount: 100, ids: ids, newTokenCount: 30, multiple: 64)
    #expect(layout.newRows == RangeSet(100..<130))
    #expect(layout.rowCount == 192)
    #expect(layout.fillers == 130..<192)
    let exact = RowLayout(baseRowCount: 100, ids: ids, newTokenCount: 28, multiple: 64)
    #expect(exact.rowCount == 128)
    #expect(exact.fillers.isEmpty)
  }

  @Test func `adding nothing changes nothing`() {
    let layout = RowLayout(
      baseRowCount: 100, ids: NewTokenIDs(listed: [5], from: 90), newTokenCount: 0, multiple: 64)
    #expect(layout.rowCount == 100)
    #expect(layout.newRows.isEmpty)
    #expect(layout.segments == [.base(0..<100)])
  }
}
