/// What a run of elements of a merged tensor is made of. Models go by their indices.
enum Blend: Hashable, Sendable {
  /// A model and the number that its elements are multiplied with.
  struct Term: Hashable, Sendable {
    let model: Int
    let weight: Double
  }

  /// The elements of one model.
  case one(Int)
  /// Σ weight · x / Σ weight.
  case mean([Term])
  /// Σ weight · x.
  case sum([Term])
  /// x + Σ weight · (xₖ - base).
  case shift(Int, by: [Term], base: Int)
  /// From one model to another one on a great circle, with a share of the latter. Its weights come from the
  /// tensors, see ``SphericalInterpolation``, and make a ``sum(_:)`` or a ``mean(_:)`` of it.
  case sphere(Int, Int, share: Double)
  /// Elements that all of these models have, of a type that nothing can be computed with.
  case common([Int])

  /// The mean of some models; of one model if only one has a weight.
  ///
  /// - Parameter weights: A weight for each model, of which one at least is not zero.
  static func mean(weights: [Double]) -> Blend {
    let terms = weights.enumerated().filter { $0.element != 0 }.map {
      Term(model: $0.offset, weight: $0.element)
    }
    return terms.count == 1 ? .one(terms[0].model) : .mean(terms)
  }

  /// The interpolation from the first model to the second one; one of them at either end.
  static func interpolation(_ path: InterpolationPath, share: Double) -> Blend {
    if share == 0 || share == 1 { return .one(Int(share)) }
    switch path {
    case .line: return .mean(weights: [1 - share, share])
    case .sphere: return .sphere(0, 1, share: share)
    }
  }

  /// The first model with differences to a base added.
  ///
  /// - Parameter scales: A scale for each model but the first.
  static func differences(scales: [Double], base: Int) -> Blend {
    let terms = scales.enumerated().filter { $0.element != 0 }.map {
      Term(model: $0.offset + 1, weight: $0.element)
    }
    return terms.isEmpty ? .one(0) : .shift(0, by: terms, base: base)
  }

  /// The models that it needs.
  var models: [Int] {
    switch self {
    case .one(let model): [model]
    case .mean(let terms), .sum(let terms): terms.map(\.model)
    case .shift(let model, let terms, let base): [model] + terms.map(\.model) + [base]
    case .sphere(let first, let second, _): [first, second]
    case .common(let models): models
    }
  }

  /// The same where only some models have the elements; the first model, which has all, where none of the
  /// others that it needs has them.
  func restricted(to isThere: (Int) -> Bool) -> Blend {
    switch self {
    case .one(let model): return isThere(model) ? self : .one(0)
    case .mean(let terms):
      let left = terms.filter { isThere($0.model) }
      if left.count > 1 { return .mean(left) }
      return .one(left.first?.model ?? 0)
    case .shift(let model, let terms, let base):
      let left = terms.filter { isThere($0.model) }
      return left.isEmpty || !isThere(base) ? .one(model) : .shift(model, by: left, base: base)
    case .sphere(let first, let second, _):
      return isThere(first) && isThere(second) ? self : .one(0)
    case .sum, .common: return self
    }
  }
}
