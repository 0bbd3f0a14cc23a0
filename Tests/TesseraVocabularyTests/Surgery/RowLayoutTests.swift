import TesseraVocabulary
import Testing

@Suite struct RowLayoutTests {
  @Test func `new rows come after all old ones`() {
    let layout = RowLayout(
      baseRowCount: 128, vocabularySize: 100, newTokenCount: 10, padding: .keep)
    #expect(layout.newRows == 128..<138)
    #expect(layout.rowCount == 138)
    #expect(layout.remainingPadding.isEmpty)
    #expect(layout.fillerCount == 0)
  }

  @Test func `padding is used up first, unless told otherwise`() {
    let few = RowLayout(baseRowCount: 128, vocabularySize: 100, newTokenCount: 10)
    #expect(few.newRows == 100..<110)
    #expect(few.rowCount == 128)
    #expect(few.remainingPadding == 110..<128)
    let many = RowLayout(
      baseRowCount: 128, vocabularySize: 100, newTokenCount: 40, padding: .reuse)
    #expect(many.newRows == 100..<140)
    #expect(many.rowCount == 140)
    #expect(many.remainingPadding.isEmpty)
  }

  @Test func `the number of rows can be a multiple`() {
    let layout = RowLayout(
      baseRowCount: 100, vocabularySize: 100, newTokenCount: 30, multiple: 64)
    #expect(layout.newRows == 100..<130)
    #expect(layout.rowCount == 192)
    #expect(layout.fillerCount == 62)
    let exact = RowLayout(
      baseRowCount: 100, vocabularySize: 100, newTokenCount: 28, multiple: 64)
    #expect(exact.rowCount == 128)
    #expect(exact.fillerCount == 0)
  }

  @Test func `adding nothing changes nothing`() {
    let layout = RowLayout(
      baseRowCount: 100, vocabularySize: 90, newTokenCount: 0, padding: .reuse, multiple: 64)
    #expect(layout.rowCount == 100)
    #expect(layout.newRows.isEmpty)
  }
}
