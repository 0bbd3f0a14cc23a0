internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors

/// Computes a merged tensor and hands out its bytes, from the first to the last.
///
/// Elements of one model are copied from file to file where their type stays. All others are computed in
/// blocks, some at a time by all workers, so memory does not depend on the tensors' sizes: about 3 MB for
/// each worker, and 8 MB for what waits to be written.
struct BlendWriter {
  /// The number of elements of a block.
  static let blockSize = 1 << 17
  /// The number of blocks that are computed before they are written.
  private static let waveSize = 16

  private let tensor: TensorBlend
  private let type: ElementType?
  /// Whether tensors on a great circle turned out to be parallel.
  let isParallel: Bool

  /// Reads the tensors that lie on a great circle once, for the angle between them.
  ///
  /// - Throws: ``VocabularyError/interrupted`` after a signal, and what reading throws.
  init(_ tensor: TensorBlend) throws(VocabularyError) {
    type = tensor.description.type.elementType
    var weights: (first: Double, second: Double)?
    var isParallel = false
    let arcs = tensor.segments.filter { $0.isOnSphere }
    if case .sphere(let first, let second, let share)? = arcs.first?.blend {
      let blocks = arcs.flatMap { SafetensorsFile.blocks(of: $0.elements, size: Self.blockSize) }
      let parts = try parallelMap(blocks.count) { index throws(VocabularyError) in
        try Self.sums(tensor.source(first), tensor.source(second), blocks[index])
      }
      weights = SphericalInterpolation(parts).weights(share: share)
      isParallel = weights == nil
    }
    self.isParallel = isParallel
    self.tensor = tensor.replacingBlends { blend in
      guard case .sphere(let first, let second, let share) = blend else { return blend }
      guard let weights else {
        return .mean([
          Blend.Term(model: first, weight: 1 - share), Blend.Term(model: second, weight: share),
        ])
      }
      return .sum([
        Blend.Term(model: first, weight: weights.first),
        Blend.Term(model: second, weight: weights.second),
      ])
    }
  }

  private static func sums(
    _ first: TensorSource, _ second: TensorSource, _ elements: Range<Int>
  ) throws(VocabularyError) -> SphericalInterpolation {
    if Interruption.isRequested { throw .interrupted }
    let a = try first.floats(elements)
    let b = try second.floats(elements)
    return SphericalInterpolation(a.span, b.span)
  }

  /// Hands out all bytes.
  ///
  /// - Throws: ``MergeError/notFinite(tensor:element:path:)``,
  ///   ``MergeError/overflow(tensor:element:type:)``,
  ///   ``MergeError/onlyCopied(tensor:type:path:other:)``, and what reading and writing throws.
  func write(_ append: WeightRewriter.Append) throws(VocabularyError) {
    for segment in tensor.segments {
      if let model = try copied(segment) {
        let source = tensor.source(model)
        let bitCount = source.tensor.type.bitCount
        try append(
          .stored(
            segment.elements.lowerBound * bitCount / 8..<segment.elements.upperBound * bitCount / 8,
            of: source.tensor, in: source.file))
        continue
      }
      let blocks = SafetensorsFile.blocks(of: segment.elements, size: Self.blockSize)
      for start in stride(from: 0, to: blocks.count, by: Self.waveSize) {
        let wave = blocks[start..<min(blocks.count, start + Self.waveSize)]
        let computed = try parallelMap(wave.count) { index throws(VocabularyError) in
          try bytes(of: wave[start + index], segment.blend)
        }
        for bytes in computed { try append(.bytes(bytes)) }
      }
    }
  }

  /// The model whose elements a segment has as they are stored, or nil.
  private func copied(_ segment: TensorBlend.Segment) throws(VocabularyError) -> Int? {
    switch segment.blend {
    case .one(let model):
      return tensor.source(model).tensor.type == tensor.description.type ? model : nil
    case .common(let models):
      for model in models.dropFirst() { try checkSame(models[0], model) }
      return models[0]
    case .mean, .sum, .shift, .sphere: return nil
    }
  }

  /// Sees to it that a tensor has the same bytes in two models.
  private func checkSame(_ first: Int, _ second: Int) throws(VocabularyError) {
    let sources = (tensor.source(first), tensor.source(second))
    var isSame = sources.0.tensor.type == sources.1.tensor.type
    for block in SafetensorsFile.blocks(of: 0..<sources.0.tensor.size) where isSame {
      if Interruption.isRequested { throw .interrupted }
      isSame = try sources.0.bytes(block) == sources.1.bytes(block)
    }
    if isSame { return }
    throw .merging(
      .onlyCopied(
        tensor: tensor.description.name, type: sources.0.tensor.type, path: sources.0.file.path,
        other: sources.1.file.path))
  }

  /// The bytes of a block.
  private func bytes(
    of elements: Range<Int>, _ blend: Blend
  ) throws(VocabularyError) -> [UInt8] {
    if Interruption.isRequested { throw .interrupted }
    guard let type else {
      preconditionFailure("\(tensor.description.name) has a type that is only copied")
    }
    if case .mean(let terms) = blend, let same = try commonBytes(elements, terms) { return same }
    var values = try values(of: elements, blend)
    let limit = type.overflowMagnitude
    // Also true where a value is no number.
    let odd = values.indices.filter { !(values[$0].magnitude < limit) }
    if !odd.isEmpty { try repair(&values, at: odd, elements, blend, type) }
    return type.bytes(of: values)
  }

  /// The bytes that all models have in a block, if they are the same and of the result's type: their mean,
  /// bit for bit, whatever they are.
  private func commonBytes(
    _ elements: Range<Int>, _ terms: [Blend.Term]
  ) throws(VocabularyError) -> [UInt8]? {
    guard let first = terms.first,
      terms.allSatisfy({ tensor.source($0.model).tensor.type == tensor.description.type })
    else { return nil }
    let size = tensor.description.type.bitCount / 8
    let range = elements.lowerBound * size..<elements.upperBound * size
    let bytes = try tensor.source(first.model).bytes(range)
    for term in terms.dropFirst() {
      if try tensor.source(term.model).bytes(range) != bytes { return nil }
    }
    return bytes
  }

  /// The values of a block before they are rounded to the type.
  private func values(
    of elements: Range<Int>, _ blend: Blend
  ) throws(VocabularyError) -> [Float] {
    switch blend {
    case .one(let model): return try tensor.source(model).floats(elements)
    case .mean(let terms):
      return try quotients(
        elements, terms, divisor: terms.reduce(0) { $0 + $1.weight })
    case .sum(let terms): return try quotients(elements, terms, divisor: 1)
    case .shift(let model, let terms, let base):
      let baseValues = try tensor.source(base).floats(elements)
      var sums = [Double](repeating: 0, count: elements.count)
      for term in terms {
        let values = try tensor.source(term.model).floats(elements)
        var span = sums.mutableSpan
        addDifferences(&span, term.weight, values.span, baseValues.span)
      }
      var values = try tensor.source(model).floats(elements)
      var span = values.mutableSpan
      addSums(&span, sums.span)
      return values
    case .sphere, .common: preconditionFailure("these were replaced by what they come to")
    }
  }

  /// Sums of products, divided.
  private func quotients(
    _ elements: Range<Int>, _ terms: [Blend.Term], divisor: Double
  ) throws(VocabularyError) -> [Float] {
    var sums = [Double](repeating: 0, count: elements.count)
    var values: [Float] = []
    for (index, term) in terms.enumerated() {
      values = try tensor.source(term.model).floats(elements)
      var span = sums.mutableSpan
      // Not added to zero, which would make plus zero of minus zero.
      if index == 0 {
        setProducts(&span, term.weight, values.span)
      } else {
        addProducts(&span, term.weight, values.span)
      }
    }
    var span = values.mutableSpan
    setQuotients(&span, sums.span, divisor)
    return values
  }

  /// Looks at values that have no finite rounding: those that are the same in all models stay, such as -∞ in a
  /// mask.
  private func repair(
    _ values: inout [Float], at indices: [Int], _ elements: Range<Int>, _ blend: Blend,
    _ type: ElementType
  ) throws(VocabularyError) {
    let models = blend.models
    var inputs: [[Float]] = []
    for model in models { inputs.append(try tensor.source(model).floats(elements)) }
    // What a difference of equal numbers is added to need not be equal to them.
    let isShift = if case .shift = blend { true } else { false }
    let compared = isShift ? 1 : 0
    for index in indices {
      let own = inputs[0][index]
      let isCommon = inputs[compared...].allSatisfy {
        $0[index].bitPattern == inputs[compared][index].bitPattern
      }
      if isCommon, !own.isFinite || (isShift && own.magnitude < type.overflowMagnitude) {
        values[index] = own
        continue
      }
      let element = elements.lowerBound + index
      let name = tensor.description.name
      if let input = inputs.firstIndex(where: { !$0[index].isFinite }) {
        throw .merging(
          .notFinite(
            tensor: name, element: element, path: tensor.source(models[input]).file.path))
      }
      throw .merging(.overflow(tensor: name, element: element, type: type))
    }
  }
}

extension TensorBlend.Segment {
  fileprivate var isOnSphere: Bool { if case .sphere = blend { true } else { false } }
}

extension TensorSource {
  /// Some bytes, counted from the tensor's first.
  fileprivate func bytes(_ range: Range<Int>) throws(VocabularyError) -> [UInt8] {
    do { return try file.bytes(of: tensor, in: range) } catch { throw .checkpoint(error) }
  }

  /// Some elements, counted in row-major order.
  fileprivate func floats(_ range: Range<Int>) throws(VocabularyError) -> [Float] {
    do { return try file.floats(of: tensor, in: range) } catch { throw .checkpoint(error) }
  }
}
