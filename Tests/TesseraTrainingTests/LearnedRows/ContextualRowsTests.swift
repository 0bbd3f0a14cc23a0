import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@testable import TesseraTraining

@Suite struct ContextualRowsTests {
  @Test(arguments: [0, 1, 2])
  func `rows are the mean states of pieces, as long as the base's rows`(depth: Int) throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    let learning = try greek.learning { $0.depth = depth }
    let rows = try greek.rows(learning.rows(by: .contextual).input, of: .input).rows
    let base = try Transformer(checkpoint: greek.base.checkpoint.directory)
    var sums = [Double](repeating: 0, count: 12 * 16)
    var counts = [Double](repeating: 0, count: 12)
    for window in learning.text.windows {
      let states = base.hiddenStates(
        of: TokenBatch(
          sequenceCount: 1, sequenceLength: window.base.count, inputs: window.base,
          targets: window.base), depth: depth, workspace: TransformerWorkspace())
      for (position, token) in window.extended.enumerated() {
        guard let index = learning.text.index(of: token) else { continue }
        let run = window.ends[position - 1] + 1...window.ends[position]
        counts[index] += 1
        for i in 0..<16 {
          sums[index * 16 + i] +=
            run.reduce(0.0) { $0 + Double(states[$1 * 16 + i]) } / Double(run.count)
        }
      }
    }
    #expect(counts.count { $0 > 0 } > 6)
    let found = (0..<12 * 16).filter { counts[$0 / 16] > 0 }
    let expected = found.map { sums[$0] / counts[$0 / 16] }
    func norm(_ row: ArraySlice<Double>) -> Double {
      row.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    func meanNorm(_ rows: [Double]) -> Double {
      let count = rows.count / 16
      return (0..<count).reduce(0) { $0 + norm(rows[$1 * 16..<($1 + 1) * 16]) } / Double(count)
    }
    let old = base.parameters[..<(Int(greek.selection.tokens.ids.next) * 16)].map { Double($0) }
    let scale = meanNorm(old) / meanNorm(expected)
    let learned = found.map { Double(rows[$0]) }
    for (a, b) in zip(learned, expected) { #expect(abs(a - scale * b) < 1e-4) }
    #expect(abs(meanNorm(learned) / meanNorm(old) - 1) < 1e-4)
  }
}
