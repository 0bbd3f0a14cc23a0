import TesseraBasics
import TesseraModels
import Testing

@testable import TesseraTensors
@testable import TesseraTraining

/// Every method over a whole model against its definition in Double, tensor by tensor.
@Suite struct OptimizerReferenceTests {
  private static let rate = 1e-2
  private static let decay = 0.1
  private static let scale = 0.5
  private static let steps = 3

  private func gradient(_ layout: ParameterLayout, step: Int) -> [Float] {
    var random = SplitMix64(seed: UInt64(step))
    return (0..<layout.count).map { _ in Float(random.normal()) }
  }

  private func moved(_ kind: OptimizerKind, model: Transformer) -> [Float] {
    var parameters = model.parameters
    var optimizer = Optimizer(layout: model.layout, options: OptimizerOptions(kind))
    for step in 1...Self.steps {
      optimizer.step(
        parameters: &parameters, gradient: gradient(model.layout, step: step),
        gradientScale: Self.scale, learningRate: Self.rate,
        groups: ParameterGroup.standard(layout: model.layout, weightDecay: Self.decay))
    }
    return parameters
  }

  /// The weights of a tensor after the steps.
  private func reference(
    _ kind: OptimizerKind, _ tensor: ParameterLayout.Tensor, model: Transformer
  ) -> [Double] {
    var weights = model.parameters[tensor.range].map(Double.init)
    let slopes = (1...Self.steps).map { step in
      gradient(model.layout, step: step)[tensor.range].map { Double($0) * Self.scale }
    }
    let decay = tensor.role == .matrix ? Self.decay : 0
    switch kind {
    case .adamW: adamW(&weights, slopes, decay)
    case .lion:
      for i in weights.indices {
        var moment = 0.0
        for slope in slopes {
          lionReference(
            parameter: &weights[i], gradient: slope[i], moment: &moment, learningRate: Self.rate,
            beta1: 0.95, beta2: 0.98, weightDecay: decay)
        }
      }
    case .adafactor: adafactor(&weights, slopes, decay, rows: tensor.rowCount)
    case .muon:
      guard tensor.role == .matrix else {
        adamW(&weights, slopes, decay)
        break
      }
      muon(&weights, slopes, decay, rows: tensor.rowCount)
    }
    return weights
  }

  private func adamW(_ weights: inout [Double], _ slopes: [[Double]], _ decay: Double) {
    for i in weights.indices {
      var (first, second) = (0.0, 0.0)
      for (step, slope) in slopes.enumerated() {
        adamWReference(
          parameter: &weights[i], gradient: slope[i], firstMoment: &first, secondMoment: &second,
          learningRate: Self.rate, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: decay,
          step: step + 1)
      }
    }
  }

  private func muon(
    _ weights: inout [Double], _ slopes: [[Double]], _ decay: Double, rows: Int
  ) {
    let width = weights.count / rows
    var momentum = [Double](repeating: 0, count: weights.count)
    for slope in slopes {
      for i in weights.indices { momentum[i] = 0.95 * momentum[i] + 0.05 * slope[i] }
      let ahead = weights.indices.map { 0.95 * momentum[$0] + 0.05 * slope[$0] }
      let step = orthogonalizeReference(ahead, rows: rows, columns: width)
      let length = 0.2 * Double(max(rows, width)).squareRoot()
      for i in weights.indices {
        weights[i] -= Self.rate * (decay * weights[i] + length * step[i])
      }
    }
  }

  private func adafactor(
    _ weights: inout [Double], _ slopes: [[Double]], _ decay: Double, rows: Int
  ) {
    let width = weights.count / rows
    var rowMeans = [Double](repeating: 0, count: rows)
    var columnMeans = [Double](repeating: 0, count: width)
    var means = [Double](repeating: 0, count: weights.count)
    for (index, slope) in slopes.enumerated() {
      // 1 - t^-0.8 at t = 1, 2, 3.
      let keep = [0, 0.425_650_823_6, 0.584_756_469_6][index]
      let squares = slope.map { $0 * $0 + 1e-30 }
      for i in 0..<rows {
        let mean = squares[i * width..<(i + 1) * width].reduce(0, +) / Double(width)
        rowMeans[i] = keep * rowMeans[i] + (1 - keep) * mean
      }
      for j in 0..<width {
        let mean = (0..<rows).reduce(0.0) { $0 + squares[$1 * width + j] } / Double(rows)
        columnMeans[j] = keep * columnMeans[j] + (1 - keep) * mean
      }
      for i in means.indices { means[i] = keep * means[i] + (1 - keep) * squares[i] }
      let mean = rowMeans.reduce(0, +) / Double(rows)
      var step = slope.indices.map { i in
        let square = rows > 1 ? rowMeans[i / width] * columnMeans[i % width] / mean : means[i]
        return slope[i] / square.squareRoot()
      }
      let size = (step.reduce(0) { $0 + $1 * $1 } / Double(step.count)).squareRoot()
      step = step.map { $0 / max(1, size) }
      for i in weights.indices { weights[i] -= Self.rate * (decay * weights[i] + step[i]) }
    }
  }

  @Test(arguments: OptimizerKind.allCases) func `agrees with the definition`(kind: OptimizerKind) {
    let model = tinyModel()
    let parameters = moved(kind, model: model)
    for tensor in model.layout.tensors {
      let expected = reference(kind, tensor, model: model)
      // Steps are some 1e-2 long, and computed in single precision.
      for (a, b) in zip(parameters[tensor.range], expected) {
        #expect(abs(Double(a) - b) < 4e-6, "\(tensor.name)")
      }
    }
  }

  @Test(arguments: OptimizerVariant.all)
  func `moments in few bits lead about where floats lead`(variant: OptimizerVariant) {
    let model = tinyModel()
    func path(_ options: OptimizerOptions) -> [Float] {
      var parameters = model.parameters
      var optimizer = Optimizer(layout: model.layout, options: options)
      for step in 1...40 {
        // A slope with noise.
        var random = SplitMix64(seed: UInt64(step))
        let gradient = (0..<model.layout.count).map { Float(Double($0 % 7 - 3) + random.normal()) }
        optimizer.step(
          parameters: &parameters, gradient: gradient, gradientScale: 1, learningRate: 1e-3,
          groups: ParameterGroup.standard(layout: model.layout, weightDecay: 0))
      }
      return parameters
    }
    let exact = path(OptimizerOptions(variant.kind))
    let rounded = path(variant.options)
    var (difference, distance) = (0.0, 0.0)
    for i in exact.indices {
      difference += Double(exact[i] - rounded[i]) * Double(exact[i] - rounded[i])
      distance += Double(exact[i] - model.parameters[i]) * Double(exact[i] - model.parameters[i])
    }
    let bound: Double =
      switch variant.moments {
      case .f32: 0
      case .bf16: 0.02
      case .eightBit: 0.1
      }
    #expect((difference / distance).squareRoot() <= bound)
  }

  @Test func `a second moment in few bits falls as slowly as it should`() {
    let model = tinyModel()
    for precision in MomentPrecision.allCases {
      var options = OptimizerOptions(.adamW, moments: precision)
      options.adamW.beta2 = 0.999
      var parameters = model.parameters
      var optimizer = Optimizer(layout: model.layout, options: options)
      let groups = ParameterGroup.standard(layout: model.layout, weightDecay: 0)
      var memory = MomentMemory(
        name: "second-moment", content: .squares, precision: precision, layout: model.layout)
      var first = 0.0
      for step in 0...300 {
        // One gradient, then hardly any: the second moment falls to 0.999^300 = 0.741 of itself.
        let size: Float = step == 0 ? 1 : 1e-6
        optimizer.step(
          parameters: &parameters, gradient: [Float](repeating: size, count: model.layout.count),
          gradientScale: 1, learningRate: 0, groups: groups)
        if step == 0 { first = mean(of: optimizer, in: &memory, model.layout) }
      }
      let last = mean(of: optimizer, in: &memory, model.layout)
      #expect(abs(last / first - 0.741) < 0.02, "\(precision)")
    }
  }

  /// The mean of the second moment of a matrix.
  private func mean(
    of optimizer: Optimizer, in memory: inout MomentMemory, _ layout: ParameterLayout
  ) -> Double {
    memory.restore(optimizer.state)
    let index = layout.tensors.firstIndex { $0.role == .matrix } ?? 0
    let tensor = layout.tensors[index]
    return memory.withRows(ofTensor: index) { rows in
      var scratch = [Float](repeating: 0, count: rows.width)
      var sum = 0.0
      for row in 0..<tensor.rowCount {
        unsafe scratch.withUnsafeMutableBufferPointer { buffer in
          // SAFETY: the scratch has room for a row.
          let values = unsafe rows.open(row, scratch: buffer.baseAddress!)
          for i in 0..<rows.width { sum += Double(unsafe values[i]) }
        }
      }
      return sum / Double(tensor.range.count)
    }
  }
}
