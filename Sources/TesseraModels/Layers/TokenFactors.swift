import TesseraBasics
import TesseraTensors

// A matrix with a row for each token, kept as few coordinates of each row times primitives that all share.
//
// Shapes, row-major:   table E: [vocabulary, width]   coordinates F: [vocabulary, rank]
//                      primitives P: [rank, width]
//
//   E = F P        backward: dF += dE P^T, dP += F^T dE
//
// Passes compute with E, which is made once for each of them: the memory of the parameters and of the
// optimizer is that of the factors, the memory of a pass that of E and of its gradient.
//
// Liu, Lin, Wang and Schütze, "OFA", 2024, arXiv:2311.08849, section 3.4.

/// Rows of a table per call of a fork, and of primitives.
private let tableRows = 256
private let primitiveRows = 16

/// Views of the factors of one matrix, or of their gradients.
struct FactorPair: Sendable {
  /// [vocabulary, rank]
  let coordinates: Matrix
  /// [rank, width]
  let primitives: Matrix
  /// Of gradients, which are wanted.
  let wantsCoordinates: Bool
  let wantsPrimitives: Bool

  /// Computes the matrix.
  func expand(into table: Matrix) {
    parallelFor(0..<table.rowCount, grain: tableRows) { rows in
      multiply(into: table.rows(rows), coordinates.rows(rows), primitives)
    }
  }

  /// Adds the gradients of factors, of which these are the values.
  ///
  /// - Parameters:
  ///   - gradient: What is added to, where that is wanted.
  ///   - table: The gradient of the matrix.
  func addGradients(to gradient: FactorPair, table: Matrix) {
    if gradient.wantsCoordinates {
      parallelFor(0..<table.rowCount, grain: tableRows) { rows in
        multiply(
          into: gradient.coordinates.rows(rows), table.rows(rows), transposed: primitives, keep: 1)
      }
    }
    guard gradient.wantsPrimitives else { return }
    parallelFor(0..<primitives.rowCount, grain: primitiveRows) { rows in
      multiply(
        into: gradient.primitives.rows(rows), transposed: coordinates.columns(rows), table, keep: 1)
    }
  }
}

/// Views of the factors of a model's embedding, and of its head where that is another matrix.
struct TokenFactors: Sendable {
  let input: FactorPair
  let output: FactorPair?

  /// The names of the tensors of a matrix.
  static func names(_ role: String) -> (coordinates: String, primitives: String) {
    ("\(role).coordinates.weight", "\(role).primitives.weight")
  }
  /// The names of the embedding's factors, and of the head's.
  static let inputNames = names("input")
  static let outputNames = names("output")
}

extension ModelWeights {
  /// The floats that the tables of factors take; 0 where there are none.
  static func tableSize(_ c: TransformerConfiguration) -> Int {
    guard c.factorRank != nil else { return 0 }
    return (c.tiedEmbeddings ? 1 : 2)
      * FloatMemory.size(rowCount: c.vocabularySize, columnCount: c.width)
  }

  /// The same weights with the tables that factors stand for.
  func expandingFactors(in memory: FloatMemory, _ c: TransformerConfiguration) -> ModelWeights {
    guard let factors else { return self }
    let result = addingTables(in: memory, c)
    factors.input.expand(into: result.embedding)
    factors.output?.expand(into: result.head.weight)
    return result
  }

  /// The same gradients with tables of zeros, whose gradients are those of factors after
  /// ``addFactorGradients(values:)``.
  func addingEmptyTables(in memory: FloatMemory, _ c: TransformerConfiguration) -> ModelWeights {
    guard factors != nil else { return self }
    let result = addingTables(in: memory, c)
    result.embedding.fill(with: 0)
    result.head.weight.fill(with: 0)
    return result
  }

  private func addingTables(in memory: FloatMemory, _ c: TransformerConfiguration) -> ModelWeights {
    var result = self
    result.embedding = memory.carve(c.vocabularySize, c.width)
    result.head = LinearHead(
      weight: c.tiedEmbeddings ? result.embedding : memory.carve(c.vocabularySize, c.width))
    return result
  }

  /// Adds the gradients of tables to those of their factors, if there are any.
  ///
  /// - Parameter values: The weights.
  func addFactorGradients(values: ModelWeights) {
    guard let factors, let values = values.factors else { return }
    values.input.addGradients(to: factors.input, table: embedding)
    if let output = values.output, let gradient = factors.output {
      output.addGradients(to: gradient, table: head.weight)
    }
  }
}
