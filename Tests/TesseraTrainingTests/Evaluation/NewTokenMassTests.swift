import TesseraModels
import TesseraTraining
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct NewTokenMassTests {
  private let documents = randomDocuments([1, 40, 7, 16, 0, 33])

  @Test func `equal logits give new tokens their share`() throws {
    var model = tinyModel()
    for i in model.layout["model.embed_tokens.weight"]!.range { model.parameters[i] = 0 }
    let mass = model.newTokenMass(
      in: documents, newRows: RangeSet([20..<25, 25..<29]), baseRowCount: 20,
      bound: { $0.reduce(0) { $0 + 0.5 * $1 } })
    #expect(abs(mass.mean - 9.0 / 29) < 1e-12 && abs(mass.largest - 9.0 / 29) < 1e-12)
    #expect(abs(mass.meanDivergence - log(29.0 / 20)) < 1e-12)
    #expect(abs(try #require(mass.meanBound) - 0.5 / 1.5) < 1e-12)
    #expect(mass.violationCount == 0 && mass.leadCount == 0)
    let broken = model.newTokenMass(
      in: documents, newRows: RangeSet(20..<29), baseRowCount: 20, bound: { _ in 0.4 })
    #expect(broken.violationCount == broken.positionCount && broken.positionCount > 0)
    #expect(model.newTokenMass(in: documents, newRows: RangeSet(), baseRowCount: 29).mean == 0)
  }

  @Test func `figures are those of the logits`() {
    let model = tinyModel(seed: 3)
    let mass = model.newTokenMass(in: documents, newRows: RangeSet(20..<28), baseRowCount: 20)
    var (count, masses, divergences, leads) = (0, 0.0, 0.0, 0)
    for document in 0..<documents.count {
      let all = documents.range(of: document).map { Int32(documents.tokens[$0]) }
      let tokens = Array(all.prefix(model.configuration.contextLength))
      let logits = model.logits(for: [28] + tokens.dropLast())
      for (position, next) in tokens.enumerated() where !(20..<28).contains(next) {
        let row = logits[position * 29..<(position + 1) * 29].map { Double($0) }
        let total = row.reduce(0) { $0 + exp($1) }
        let new = row[20..<28].reduce(0) { $0 + exp($1) }
        count += 1
        masses += new / total
        divergences -= log(1 - new / total)
        let isLed = row[20..<28].max()! > max(row[..<20].max()!, row[28])
        leads += isLed ? 1 : 0
      }
    }
    #expect(mass.positionCount == count && mass.leadCount == leads && leads > 0)
    #expect(abs(mass.mean - masses / Double(count)) < 1e-6)
    #expect(abs(mass.meanDivergence - divergences / Double(count)) < 1e-6)
  }
}
