import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@testable import TesseraTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct CorrectedFirstTests {
  @Test func `in the mean state a token has the probability of its pieces`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: false, drift: 0.5)
    let learning = try greek.learning()
    let rows = try learning.rows(by: .correctedFirst)
    let base = try Transformer(checkpoint: greek.base.checkpoint.directory)
    // The slow way: every window by itself, every rest from the logits.
    var mean = [Double](repeating: 0, count: 16)
    var stateCount = 0.0
    var sums = [Double](repeating: 0, count: 12)
    var counts = [Double](repeating: 0, count: 12)
    for window in learning.text.windows {
      let states = base.hiddenStates(
        of: TokenBatch(
          sequenceCount: 1, sequenceLength: window.base.count, inputs: window.base,
          targets: window.base), depth: 2, workspace: TransformerWorkspace())
      for (i, state) in states.enumerated() { mean[i % 16] += Double(state) }
      stateCount += Double(window.base.count)
      let size = base.configuration.vocabularySize
      let logits = base.logits(for: window.base)
      for (position, token) in window.extended.enumerated() {
        guard let index = learning.text.index(of: token) else { continue }
        counts[index] += 1
        for place in window.ends[position - 1] + 1..<window.ends[position] {
          let row = logits[place * size..<(place + 1) * size].map { Double($0) }
          let total = log(row.reduce(0) { $0 + exp($1) })
          sums[index] += row[Int(window.base[place + 1])] - total
        }
      }
    }
    for i in mean.indices { mean[i] /= stateCount }
    let head = base.parameters[base.layout["lm_head.weight"]!.range]
    let found = try greek.rows(rows.output, of: .output).rows
    #expect(counts.count { $0 > 0 } > 6)
    for index in 0..<12 where counts[index] > 0 {
      let first = Int(greek.selection.tokens.pieces(of: index).first!)
      var (old, new) = (0.0, 0.0)
      for i in 0..<16 {
        old += Double(head[head.startIndex + first * 16 + i]) * mean[i]
        new += Double(found[index * 16 + i]) * mean[i]
      }
      #expect(abs(new - old - sums[index] / counts[index]) < 1e-3)
    }
  }

  /// All new tokens with one beginning get that beginning's whole probability each as first pieces, which is
  /// what the certificate's bound says; corrected, they share it.
  @Test func `new tokens take far less of the probability than first pieces would`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: false, drift: 0.5, newTokenCount: 40)
    let learning = try greek.learning()
    let corrected = try greek.model(
      learning.rows(by: .correctedFirst), method: .correctedFirst, in: folder.file("corrected"))
    var options = ExtensionOptions()
    options.inputMethod = .eeve
    let report = try VocabularyExtension(
      of: greek.base, tokens: greek.selection.tokens, options: options
    ).write(to: folder.file("first"), force: false)
    let first = try Transformer(checkpoint: folder.file("first"))
    let encoder = try DocumentEncoder(greek.selection.tokenizer, name: "latin")
    let documents = try encoder.encode(latinDocuments)
    func mass(_ model: Transformer, bound: (([Double]) -> Double)?) -> NewTokenMass {
      let count = greek.base.rowCount
      return model.newTokenMass(
        in: documents, newRows: learning.extended.newRows,
        baseRowCount: count, positionLimit: 400, bound: bound)
    }
    let certificate = try #require(report.matrices.last?.certificate)
    let over = mass(first, bound: { certificate.bound(for: $0) })
    let bound = try #require(over.meanBound)
    // A first piece with n new tokens is counted n times more than it should be: the bound is met.
    #expect(over.violationCount == 0 && over.mean > 0.9 * bound, "\(over.mean), \(bound)")
    let right = mass(corrected, bound: nil)
    #expect(right.mean < 0.2 * over.mean, "\(over.mean) -> \(right.mean)")
  }
}
