public import TesseraBasics
public import TesseraModels

/// Which method turns gradients into steps.
public enum OptimizerKind: String, CaseIterable, Hashable, Sendable {
  /// A mean of gradients over the root of a mean of their squares, for each parameter.
  case adamW = "adamw"
  /// The sign of a mean of gradients; one moment.
  case lion
  /// Gradients over a factored mean of their squares; nearly no memory.
  case adafactor
  /// The nearest orthogonal matrix to a mean of gradients, for the matrices of layers; AdamW for the rest.
  case muon

  /// How much smaller than AdamW's its learning rate has to be for steps of about the same size.
  ///
  /// Lion moves every parameter by the rate, AdamW by 0.2 to 0.4 of it in the mean (Liu et al.,
  /// "Muon is Scalable for LLM Training", 2025, arXiv:2502.16982, section 2.2), and the others are
  /// scaled to do as AdamW does.
  public var rateFactor: Double { self == .lion ? 0.2 : 1 }

  /// The decay of matrices: 0.1 for AdamW (Brown et al., 2020, arXiv:2005.14165, appendix B), and as
  /// much more as the rate is less, since the two are multiplied.
  public var defaultWeightDecay: Double { 0.1 / rateFactor }

  /// Whether it keeps a number for each parameter, whose precision can be chosen.
  public var hasMoments: Bool { self != .adafactor }
}

/// An optimizer and its numbers.
public struct OptimizerOptions: Hashable, Sendable {
  /// The method.
  public var kind: OptimizerKind
  /// How its moments are kept; ``OptimizerKind/adafactor`` has none.
  public var moments: MomentPrecision
  /// The numbers of AdamW, also where it trains what Muon does not.
  public var adamW = AdamWOptions()
  /// The numbers of Lion.
  public var lion = LionOptions()
  /// The numbers of Adafactor.
  public var adafactor = AdafactorOptions()
  /// The numbers of Muon.
  public var muon = MuonOptions()

  /// A method with the recommended numbers.
  public init(_ kind: OptimizerKind = .adamW, moments: MomentPrecision = .f32) {
    self.kind = kind
    self.moments = moments
  }

  /// The bytes of what is remembered of a model's parameters, counts left out.
  ///
  /// - Parameters:
  ///   - layout: The parameters.
  ///   - moving: The places in the layout of the tensors that will ever move; nil for all.
  public func stateSize(layout: ParameterLayout, moving: Set<Int>? = nil) -> Int {
    layout.tensors.enumerated().reduce(0) { sum, entry in
      let (place, tensor) = entry
      guard moving?.contains(place) ?? true else { return sum }
      let (rows, width) = (tensor.rowCount, tensor.rowWidth)
      let moments =
        switch kind {
        case .adamW: 2
        case .lion: 1
        case .muon: Muon.moves(tensor) ? 1 : 2
        case .adafactor: 0
        }
      if moments == 0 { return sum + 4 * (rows > 1 && width > 1 ? rows + width : rows * width) }
      let scales = self.moments == .eightBit ? MomentMemory.blockCount(width: width) : 0
      return sum + moments * rows * (width * self.moments.byteSize + 4 * scales)
    }
  }

  /// The method and its precision, in words.
  public var title: String {
    kind.hasMoments ? "\(kind.rawValue) with moments in \(moments.rawValue)" : kind.rawValue
  }

  /// The method and its precision in a record, in words.
  static func title(of record: JSONValue) -> String {
    let method = record["method"]?.string ?? "?"
    return method + (record["moments"]?.string.map { " with moments in \($0)" } ?? "")
  }

  /// What decides the steps, for the record of a plan.
  public var record: JSONValue {
    var record: JSONObject = ["method": .string(kind.rawValue)]
    if kind.hasMoments { record["moments"] = .string(moments.rawValue) }
    switch kind {
    case .adamW: record["adamw"] = adamW.record
    case .lion: record["lion"] = lion.record
    case .adafactor: record["adafactor"] = adafactor.record
    case .muon:
      record["muon"] = muon.record
      record["adamw"] = adamW.record
    }
    return .object(record)
  }
}
