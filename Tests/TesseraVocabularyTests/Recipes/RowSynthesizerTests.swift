import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct RowSynthesizerTests {
  @Test func `a recipe is applied as it is written`() throws {
    let base = try RandomMatrix(values: [1, 2, 3, 4, 5, 6], width: 2)
    let all = [0..<3]
    let statistics = try MatrixStatistics(of: base.matrix, rows: all)
    var recipes = RowRecipes()
    recipes.append(RowRecipe(meanWeight: 1))
    recipes.append(RowRecipe(terms: [.init(row: 2, weight: 1)]))
    recipes.append(
      RowRecipe(
        terms: [.init(row: 0, weight: 0.5), .init(row: 1, weight: -1)], meanWeight: 2, scale: 3))
    recipes.append(.mean(of: [2, 0, 2, 2]))
    recipes.append(RowRecipe())
    let synthesizer = try RowSynthesizer(
      recipes: recipes, base: base.matrix, tokenRows: all, statistics: statistics)
    #expect(
      try synthesizer.rows(in: 0..<5) == [3, 4, 5, 6, 10.5, 15, 4, 5, 0, 0])
    #expect(try synthesizer.rows(in: 1..<3) == [5, 6, 10.5, 15])
    #expect(try synthesizer.rows(in: 2..<2) == [])
  }

  @Test func `a token that stands twice counts twice`() {
    let recipe = RowRecipe.mean(of: [7, 3, 7, 7])
    #expect(recipe.terms == [.init(row: 3, weight: 0.25), .init(row: 7, weight: 0.75)])
    #expect(recipe.isConvex)
  }

  @Test func `recipes that are not convex are seen as such`() {
    #expect(RowRecipe(meanWeight: 1).isConvex)
    #expect(!RowRecipe(meanWeight: 0.9).isConvex)
    #expect(!RowRecipe(meanWeight: 1, scale: 2).isConvex)
    #expect(
      !RowRecipe(terms: [.init(row: 0, weight: 2), .init(row: 1, weight: -1)]).isConvex)
    #expect(!RowRecipe().isConvex)
    var noisy = RowRecipes(noise: .isotropic(deviation: 0.1))
    noisy.append(RowRecipe(meanWeight: 1))
    #expect(!noisy.areConvex)
  }

  @Test func `the mean of one row is that row, bit for bit`() throws {
    let base = try RandomMatrix(rows: 20, width: 16, type: .bf16)
    let statistics = try MatrixStatistics(of: base.matrix, rows: [0..<20])
    var recipes = RowRecipes()
    for row in 0..<20 { recipes.append(.mean(of: [row])) }
    let synthesizer = try RowSynthesizer(
      recipes: recipes, base: base.matrix, tokenRows: [0..<20], statistics: statistics)
    #expect(try synthesizer.rows(in: 0..<20) == base.values)
  }

  @Test func `rows depend on neither threads nor blocks`() throws {
    let base = try RandomMatrix(rows: 50, width: 24)
    let tokens = NewTokens.random(count: 90, baseCount: 50)
    for method in InitializationMethod.withoutInputs {
      let whole = try base.rows(of: method.initializer(), for: tokens, seed: 5)
      let threadCount = Workers.threadCount
      defer { Workers.setThreadCount(threadCount) }
      for count in [1, 2, 5] {
        Workers.setThreadCount(count)
        #expect(try base.rows(of: method.initializer(), for: tokens, seed: 5) == whole, "\(method)")
        for size in [1, 7, 16, 89] {
          #expect(
            try base.rows(of: method.initializer(), for: tokens, seed: 5, blockSize: size) == whole,
            "\(method), \(size)")
        }
      }
    }
  }

  @Test func `noise has the deviation that it should`() throws {
    let base = try RandomMatrix(rows: 60, width: 8)
    let count = 1_000
    let tokens = NewTokens.random(count: count, baseCount: 60)
    let all = [0..<60]
    let statistics = try MatrixStatistics(of: base.matrix, rows: all)
    let factor = try CovarianceFactor(of: base.matrix, rows: all, statistics: statistics)
    let elements = factor.elements.map { Double($0) }
    let variances = (0..<8).map { i in
      elements[8 * i..<8 * i + 8].reduce(0.0) { $0 + $1 * $1 }
    }
    let zero = [Double](repeating: 0, count: 8)
    func equal(_ deviation: Double) -> [Double] { [Double](repeating: deviation, count: 8) }
    let scaled = variances.map { ($0 * 0.25).squareRoot() }
    let expectations: [(any RowInitializer, [Double], [Double])] = [
      (UnivariateInitializer(), statistics.mean, statistics.deviation),
      (MultivariateInitializer(scale: 0.25), statistics.mean, scaled),
      (RandomInitializer(), zero, equal(0.02)),
      (RandomInitializer(deviation: .matched), zero, equal(statistics.overallDeviation)),
      (RandomInitializer(deviation: .value(3)), zero, equal(3)),
    ]
    for (method, means, deviations) in expectations {
      let rows = try base.rows(of: method, for: tokens, seed: 3, initializerRange: 0.02)
      for i in 0..<8 {
        let column = (0..<count).map { Double(rows[$0 * 8 + i]) }
        let mean = column.reduce(0, +) / Double(count)
        let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        // Five standard errors of a mean and of a deviation.
        let error = 5 * deviations[i] / Double(count).squareRoot()
        #expect(abs(mean - means[i]) < error, "\(method)")
        #expect(abs(variance.squareRoot() - deviations[i]) < error, "\(method)")
      }
    }
  }

  @Test func `noise of a covariance goes where the rows go`() throws {
    // All base rows are on a line, so the new ones are.
    var random = SplitMix64(seed: 4)
    var values: [Float] = []
    for _ in 0..<30 {
      let t = Float(random.normal())
      values += [t, 2 * t, 1 - t]
    }
    let base = try RandomMatrix(values: values, width: 3)
    let tokens = NewTokens.random(count: 50, baseCount: 30)
    let rows = try base.rows(of: MultivariateInitializer(scale: 1), for: tokens)
    for i in 0..<50 {
      #expect(abs(rows[3 * i + 1] - 2 * rows[3 * i]) < 1e-3)
      #expect(abs(rows[3 * i + 2] - (1 - rows[3 * i])) < 1e-3)
    }
  }
}
