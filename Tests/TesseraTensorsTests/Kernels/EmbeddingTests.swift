import TesseraBasics
import TesseraTensors
import Testing

@Suite struct EmbeddingTests {
  @Test(arguments: [1, 64, 65, 130])
  func `rows are copied, and gradients of a token add up`(width: Int) {
    var random = SplitMix64(seed: 9)
    let table = TestMatrix(&random, rows: 4, columns: width)
    let tokens: [Int32] = [2, 0, 2, 3, 2]
    let output = TestMatrix(rows: 5, columns: width)
    lookUp(into: output.view, table: table.view, tokens: tokens[...])
    for (row, token) in tokens.enumerated() {
      #expect(
        output.view.rows(row..<row + 1).elements()
          == table.view.rows(Int(token)..<Int(token) + 1).elements())
    }
    let gradient = TestMatrix(rows: 4, columns: width, filledWith: 1)
    lookUpBackward(tableGradient: gradient.view, outputGradient: output.view, tokens: tokens)
    let expected = (0..<4).flatMap { token in
      (0..<width).map { column in
        1 + Double(tokens.count { $0 == token }) * Double(table.view[token, column])
      }
    }
    #expect(distance(gradient.elements, expected) < 1e-6)
  }

  @Test func `rows are summed into one`() {
    let rows = TestMatrix([1, 2, 3, 4, 5, 6], rows: 3, columns: 2)
    let sum = TestMatrix([10, 20], rows: 1, columns: 2)
    addRows(of: rows.view, to: sum.view)
    #expect(sum.elements == [19, 32])
  }

  @Test func `a token outside the table stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let memory = FloatMemory(capacity: 64)
      lookUp(into: memory.carve(1, 2), table: memory.carve(3, 2), tokens: [3])
    }
  }
}
