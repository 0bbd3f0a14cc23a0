import TesseraVocabulary
import Testing

@Suite struct HullCertificateTests {
  @Test func `weights are added up over all new tokens`() {
    var recipes = RowRecipes()
    recipes.append(RowRecipe(terms: [.init(row: 1, weight: 0.25), .init(row: 3, weight: 0.75)]))
    recipes.append(RowRecipe(terms: [.init(row: 3, weight: 0.5)], meanWeight: 0.5))
    let certificate = HullCertificate(recipes, rowCount: 6, tokenRows: [0..<2, 3..<5])
    #expect(certificate.isConvex && certificate.newTokenCount == 2)
    #expect(certificate.weightSums == [0.125, 0.375, 0, 1.375, 0.125, 0])
    #expect(certificate.largestBound == 1.375)
    #expect(certificate.bound(for: [0.5, 0, 0, 0.5, 0, 0]) == 0.75)
    let padded = HullCertificate(
      recipes, rowCount: 6, tokenRows: [0..<2, 3..<5], fillerCount: 2)
    #expect(padded.weightSums == [0.625, 0.875, 0, 1.875, 0.625, 0])
  }

  @Test func `a recipe that leaves the hull promises nothing`() {
    var recipes = RowRecipes()
    recipes.append(RowRecipe(terms: [.init(row: 0, weight: 1)]))
    recipes.append(RowRecipe(terms: [.init(row: 0, weight: 1)], scale: 2))
    let certificate = HullCertificate(recipes, rowCount: 1, tokenRows: [0..<1])
    #expect(!certificate.isConvex && certificate.weightSums == [3])
    #expect(certificate.unprovenTokens == [1])
  }
}
