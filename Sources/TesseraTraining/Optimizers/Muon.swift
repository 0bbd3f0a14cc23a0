import TesseraBasics
import TesseraModels
import TesseraTensors

/// The numbers of Muon.
public struct MuonOptions: Hashable, Sendable {
  /// The decay of the momentum.
  public var momentum: Double
  /// The root mean square of a step in units of the rate; AdamW's is about this.
  public var rootMeanSquare: Double

  /// Creates options; the momentum is that of the author, and steps have the size of AdamW's, so that
  /// one rate and one weight decay are right for both.
  ///
  /// Liu et al., "Muon is Scalable for LLM Training", 2025, arXiv:2502.16982, section 2.2.
  public init(momentum: Double = 0.95, rootMeanSquare: Double = 0.2) {
    self.momentum = momentum
    self.rootMeanSquare = rootMeanSquare
  }

  var record: JSONValue {
    .object(["momentum": .init(momentum), "root_mean_square": .init(rootMeanSquare)])
  }
}

/// Muon: matrices of layers move along the nearest orthogonal matrix to a mean of gradients; all else
/// is AdamW's.
///
///     B = momentum * B + (1 - momentum) * g          U = momentum * B + (1 - momentum) * g
///     p = p * (1 - rate * decay) - rate * 0.2 * sqrt(max(rows, width)) * orthogonal(U)
///
/// Embeddings, heads, norms and biases are no maps between hidden states, and keep to AdamW. One
/// moment for matrices instead of two; five rounds of products, which cost as much as the gradient of
/// some hundreds of tokens for the same matrix. Where only some rows of a matrix move, they are the
/// matrix.
///
/// Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
/// https://kellerjordan.github.io/posts/muon/; as PyTorch's `torch.optim.Muon` with
/// `adjust_lr_fn="match_rms_adamw"`.
struct Muon: OptimizerMethod {
  /// What the momentum of matrices is called.
  static let momentumName = "momentum"

  private let options: MuonOptions
  private let isMatrix: [Bool]
  private var momentum: MomentMemory
  private var adamW: AdamW

  init(
    layout: ParameterLayout, options: MuonOptions, adamW: AdamWOptions, precision: MomentPrecision,
    state: OptimizerState? = nil, isIncluded: (ParameterLayout.Tensor) -> Bool = { _ in true }
  ) {
    self.options = options
    isMatrix = layout.tensors.map(Self.moves)
    momentum = MomentMemory(
      name: Self.momentumName, content: .means, precision: precision, layout: layout, state: state,
      isIncluded: { isIncluded($0) && Self.moves($0) })
    self.adamW = AdamW(
      layout: layout, options: adamW, precision: precision, state: state,
      isIncluded: { isIncluded($0) && !Self.moves($0) })
  }

  /// The bytes that a step works in: the direction of one matrix, and what makes it orthogonal.
  static func workSize(layout: ParameterLayout, moving: Set<Int>) -> Int {
    layout.tensors.enumerated().filter { moving.contains($0.offset) && moves($0.element) }
      .map { _, tensor in
        let small = min(tensor.rowCount, tensor.rowWidth)
        return 4 * (3 * tensor.range.count + 2 * small * small)
      }.max() ?? 0
  }

  /// Whether a tensor is one of Muon's own.
  static func moves(_ tensor: ParameterLayout.Tensor) -> Bool {
    tensor.role == .matrix && tensor.shape.count == 2
  }

  var memories: [OptimizerMemory] { momentum.memories + adamW.memories }

  mutating func restore(_ state: OptimizerState) {
    momentum.restore(state)
    adamW.restore(state)
  }

  mutating func apply(_ update: TensorUpdate, to parameters: inout [Float], gradient: [Float]) {
    guard isMatrix[update.index] else {
      adamW.apply(update, to: &parameters, gradient: gradient)
      return
    }
    let (width, rowCount) = (update.width, update.movingRowCount)
    let memory = FloatMemory(capacity: FloatMemory.size(rowCount: rowCount, columnCount: width))
    let direction = memory.carve(rowCount, width)
    readDirection(update, gradient: gradient, into: direction)
    orthogonalize(direction, memory: FloatMemory())
    let length = options.rootMeanSquare * Double(max(rowCount, width)).squareRoot()
    unsafe parameters.withUnsafeMutableBufferPointer { weights in
      guard let weights = weights.baseAddress else { return }
      // SAFETY: rows of a tensor of the layout, which has the array's length; each row goes to one
      // call, and `parallelFor` returns after the last one.
      nonisolated(unsafe) let p = unsafe weights + update.start
      var first = 0
      for part in update.parts {
        let offset = first - part.rows.lowerBound
        let decay = Float(1 - part.learningRate * part.weightDecay)
        let rate = Float(part.learningRate * length)
        parallelFor(part.rows, grain: update.grain) { rows in
          for row in rows {
            direction.withRow(row + offset) { step in
              var row = unsafe MutableSpan(_unsafeStart: p + row * width, count: width)
              for i in row.indices { row[i] = row[i] * decay - step[i] * rate }
            }
          }
        }
        first += part.rows.count
      }
    }
  }

  /// Moves the momentum on, and puts its look ahead into a matrix.
  private mutating func readDirection(
    _ update: TensorUpdate, gradient: [Float], into direction: Matrix
  ) {
    let width = update.width
    let (beta, scale) = (Float(options.momentum), Float(update.gradientScale))
    unsafe gradient.withUnsafeBufferPointer { slopes in
      momentum.withRows(ofTensor: update.index) { momentum in
        guard let slopes = slopes.baseAddress else { return }
        // SAFETY: rows of a tensor of the layout, which has the array's length; each row, and the row
        // of the matrix that belongs to it, goes to one call.
        nonisolated(unsafe) let g = unsafe slopes + update.start
        var first = 0
        for part in update.parts {
          let offset = first - part.rows.lowerBound
          parallelFor(part.rows, grain: update.grain) { rows in
            unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: width) {
              guard let scratch = $0.baseAddress else { return }
              for row in rows {
                let m = unsafe momentum.open(row, scratch: scratch)
                let target = direction.rows(row + offset..<row + offset + 1)
                var mean = unsafe MutableSpan(_unsafeStart: m, count: width)
                var ahead = unsafe MutableSpan(_unsafeStart: target.base, count: width)
                let slope = unsafe Span(_unsafeStart: g + row * width, count: width)
                for i in mean.indices {
                  let part = slope[i] * scale * (1 - beta)
                  mean[i] = mean[i] * beta + part
                  ahead[i] = mean[i] * beta + part
                }
                unsafe momentum.close(row, m, step: part.step)
              }
            }
          }
          first += part.rows.count
        }
      }
    }
  }
}
