import TesseraBasics

/// Products of random matrices as training has them, to see how fast this processor is.
///
/// A weight of shape `[outputs, inputs]` takes part in three products, each of
/// 2 * tokens * outputs * inputs operations:
///
/// | form | product | shape |
/// | --- | --- | --- |
/// | forward | x * weight^T | `[tokens, outputs]` |
/// | gradient of the input | dy * weight | `[tokens, inputs]` |
/// | gradient of the weight | dy^T * x | `[outputs, inputs]` |
///
/// Each is cut into tiles of the output by its shape, and the tiles are shared out to all threads.
///
///     let trial = ProductTrial(tokens: 2_048, outputs: 1_152, inputs: 384)
///     trial.pack(for: .forward)
///     trial.multiply(.forward, by: .packed)
public final class ProductTrial {
  /// Which of the three products.
  public enum Form: String, CaseIterable, Sendable {
    case forward
    case inputGradient = "input-gradient"
    case weightGradient = "weight-gradient"
  }

  /// How a product is computed.
  public enum Method: String, CaseIterable, Sendable {
    /// In f32 by OpenBLAS.
    case library = "f32"
    /// In bf16, with factors that are packed already.
    case packed = "bf16"
    /// In bf16, and activations and their gradients are packed first.
    case packingActivations = "bf16-with-activations"
    /// In bf16, and both factors are packed first.
    case packingAll = "bf16-with-all"
  }

  /// The methods that this processor has.
  public static var methods: [Method] {
    BFloat16Instructions.available.isEmpty ? [.library] : Method.allCases
  }

  /// Rows and columns of the output that one call computes, as `DecoderPass` and `crossEntropy` do.
  private static let tile = (rows: 256, columns: 1_024)
  /// Rows of a matrix that one call packs.
  private static let packedRows = 64

  private let memory: FloatMemory
  private let input: Matrix
  private let weight: Matrix
  private let gradient: Matrix
  private let output: FloatMemory
  private let left = BFloat16Factor(.left)
  private let right = BFloat16Factor(.right)

  /// Matrices of uniform numbers in [-1, 1).
  ///
  /// - Precondition: The sizes are positive.
  public init(tokens: Int, outputs: Int, inputs: Int, seed: UInt64 = 0) {
    precondition(tokens > 0 && outputs > 0 && inputs > 0, "sizes are positive")
    let shapes = [(tokens, inputs), (outputs, inputs), (tokens, outputs)]
    let sizes = shapes.map { FloatMemory.size(rowCount: $0.0, columnCount: $0.1) }
    memory = FloatMemory(capacity: sizes.reduce(0, +))
    output = FloatMemory(capacity: sizes.max() ?? 0)
    (input, weight, gradient) = (
      memory.carve(tokens, inputs), memory.carve(outputs, inputs), memory.carve(tokens, outputs)
    )
    var random = SplitMix64(seed: seed)
    for matrix in [input, weight, gradient] {
      for row in 0..<matrix.rowCount {
        for column in 0..<matrix.columnCount {
          matrix[row, column] = Float(random.next() >> 40) * 0x1p-23 - 1
        }
      }
    }
  }

  /// The factors of a form, as they lie in memory: whether their rows are components.
  private func factors(
    of form: Form
  ) -> (left: Matrix, leftIsTransposed: Bool, right: Matrix, rightIsTransposed: Bool) {
    switch form {
    case .forward: (input, false, weight, false)
    case .inputGradient: (gradient, false, weight, true)
    case .weightGradient: (gradient, true, input, true)
    }
  }

  /// Where the product of a form goes; all of them share it.
  private func product(_ form: Form) -> Matrix {
    output.reset(minimumCapacity: 0)
    return switch form {
    case .forward: output.carve(input.rowCount, weight.rowCount)
    case .inputGradient: output.carve(input.rowCount, weight.columnCount)
    case .weightGradient: output.carve(weight.rowCount, weight.columnCount)
    }
  }

  /// Packs both factors of a form.
  ///
  /// - Precondition: ``methods`` has more than one.
  public func pack(for form: Form) {
    let factors = factors(of: form)
    pack(factors.left, isTransposed: factors.leftIsTransposed, as: left)
    pack(factors.right, isTransposed: factors.rightIsTransposed, as: right)
  }

  private func pack(_ matrix: Matrix, isTransposed: Bool, as factor: BFloat16Factor) {
    let (rowCount, width) = (matrix.rowCount, matrix.columnCount)
    factor.reset(rowCount: isTransposed ? width : rowCount, width: isTransposed ? rowCount : width)
    parallelFor(0..<rowCount, grain: Self.packedRows) { rows in
      // Each call owns its rows or components of the factor.
      if isTransposed {
        factor.pack(transposed: matrix.rows(rows), component: rows.lowerBound)
      } else {
        factor.pack(matrix.rows(rows), row: rows.lowerBound)
      }
    }
  }

  /// Computes a product, on all threads.
  ///
  /// - Precondition: The method is one of ``methods``, and what it does not pack is packed for this form.
  public func multiply(_ form: Form, by method: Method) {
    let factors = factors(of: form)
    switch method {
    case .library, .packed: break
    case .packingActivations:
      pack(factors.left, isTransposed: factors.leftIsTransposed, as: left)
      if form == .weightGradient {
        pack(factors.right, isTransposed: factors.rightIsTransposed, as: right)
      }
    case .packingAll: pack(for: form)
    }
    let output = product(form)
    let (left, right) = (left, right)
    let columnTiles = (output.columnCount + Self.tile.columns - 1) / Self.tile.columns
    let rowTiles = (output.rowCount + Self.tile.rows - 1) / Self.tile.rows
    parallelFor(0..<rowTiles * columnTiles) { tiles in
      for tile in tiles {
        // Each call owns its rectangle of the output.
        let top = tile / columnTiles * Self.tile.rows
        let start = tile % columnTiles * Self.tile.columns
        let rows = top..<min(top + Self.tile.rows, output.rowCount)
        let columns = start..<min(start + Self.tile.columns, output.columnCount)
        let part = output.rows(rows).columns(columns)
        guard method == .library else {
          TesseraTensors.multiply(
            into: part, left, rows: rows, transposed: right, columns: columns)
          continue
        }
        switch form {
        case .forward:
          TesseraTensors.multiply(
            into: part, factors.left.rows(rows), transposed: factors.right.rows(columns))
        case .inputGradient:
          TesseraTensors.multiply(
            into: part, factors.left.rows(rows), factors.right.columns(columns))
        case .weightGradient:
          TesseraTensors.multiply(
            into: part, transposed: factors.left.columns(rows), factors.right.columns(columns))
        }
      }
    }
  }

  /// The largest distance of some elements of the last product from their definition in Double, relative to
  /// the sum of the sizes of their products.
  public func largestError(_ form: Form, by method: Method, sampleCount: Int = 100) -> Double {
    let factors = factors(of: form)
    let output = product(form)
    let inner = factors.leftIsTransposed ? factors.left.rowCount : factors.left.columnCount
    var random = SplitMix64(seed: 1)
    var largest = 0.0
    for _ in 0..<sampleCount {
      let row = random.below(output.rowCount)
      let column = random.below(output.columnCount)
      var (sum, size) = (0.0, 0.0)
      for i in 0..<inner {
        let a = factors.leftIsTransposed ? factors.left[i, row] : factors.left[row, i]
        let b = factors.rightIsTransposed ? factors.right[i, column] : factors.right[column, i]
        let product =
          method == .library
          ? Double(a) * Double(b) : roundedToBFloat16(a) * roundedToBFloat16(b)
        sum += product
        size += abs(product)
      }
      let error = abs(Double(output[row, column]) - sum) / max(size, Double.leastNormalMagnitude)
      largest = error.isNaN ? .infinity : max(largest, error)
    }
    return largest
  }
}
