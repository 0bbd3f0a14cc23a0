import ArgumentParser
import TesseraVocabulary

/// What `merge` computes.
struct MergeArguments: ParsableArguments {
  @Option(
    help: "How tensors are merged: linear, slerp (two models), task-arithmetic (with --base).")
  var method = MergeMethod.linear

  @Option(
    help: ArgumentHelp(
      """
      linear: the weight of a model in the mean, one for --model and one for each --with in their order. \
      (default: all the same)
      """, valueName: "number"))
  var weight: [Double] = []

  @Option(
    help: ArgumentHelp(
      """
      linear, slerp: the share of the one --with, from 0 (--model as it is) to 1. (default for slerp: 0.5; \
      with --layers for all tensors outside of layers: 0)
      """, valueName: "share"))
  var alpha: Double?

  @Option(
    help: ArgumentHelp(
      """
      linear, slerp: the share of the one --with in single layers, such as "0:0.3,1:0.5,-2:0.5,-1:0.3", \
      "4-7:0.5" or "*:0" for all others, which have 1 otherwise. elchat is the first of these.
      """, valueName: "layer:share,..."),
    transform: LayerShares.init(argument:))
  var layers: LayerShares?

  @Option(
    help: ArgumentHelp(
      "What stands before the numbers of layers in names, such as model.layers, if more has numbers.",
      valueName: "name"))
  var layerPrefix: String?

  @Option(
    help: "task-arithmetic: the model that the difference of each --with is taken to.",
    completion: .directory)
  var base: String?

  @Option(
    help: ArgumentHelp(
      """
      task-arithmetic: what the difference of a --with is multiplied with, one for each, in their order. \
      (default: 1)
      """, valueName: "number"))
  var scale: [Double] = []

  @Option(
    help: """
      Tokens whose rows are those of the one --with: none, special, added (all added tokens of its \
      tokenizer).
      """)
  var restoreTokens = RestoredTokens.none

  @Option(help: "Write all tensors as f32, bf16 or f16. (default: as they are in --model)")
  var dtype: StoredPrecision?

  /// Sees to it that the options fit each other, and the number of models besides the first.
  func check(modelCount: Int) throws {
    if let option = options(notOf: method).first {
      throw ValidationError("--method \(method.rawValue) and \(option) exclude each other")
    }
    let isInterpolated = method == .slerp || alpha != nil || layers != nil
    let single: [(isGiven: Bool, name: String)] = [
      (alpha != nil, "--alpha"), (layers != nil, "--layers"), (method == .slerp, "--method slerp"),
      (restoreTokens != .none, "--restore-tokens"),
    ]
    if modelCount != 1, let option = single.first(where: \.isGiven) {
      throw ValidationError("\(option.name) needs one --with, not \(modelCount)")
    }
    if isInterpolated, !weight.isEmpty {
      throw ValidationError("--weight excludes --alpha and --layers")
    }
    if layerPrefix != nil, layers == nil {
      throw ValidationError("--layer-prefix needs --layers")
    }
    if let alpha, !(0...1).contains(alpha) {
      throw ValidationError("--alpha must be between 0 and 1, not \(alpha)")
    }
    if !weight.isEmpty, weight.count != modelCount + 1 {
      throw ValidationError(
        "--weight is needed for each of \(modelCount + 1) models or for none, not \(weight.count) times"
      )
    }
    if let wrong = weight.first(where: { !(0...1e6).contains($0) }) {
      throw ValidationError("--weight must be between 0 and 1000000, not \(wrong)")
    }
    if !weight.isEmpty, weight.allSatisfy({ $0 == 0 }) {
      throw ValidationError("one --weight at least must be above 0")
    }
    if method == .taskArithmetic, base == nil {
      throw ValidationError("--method task-arithmetic needs --base")
    }
    if !scale.isEmpty, scale.count != modelCount {
      throw ValidationError(
        "--scale is needed for each of \(modelCount) --with or for none, not \(scale.count) times")
    }
    if let wrong = scale.first(where: { !(-1e6...1e6).contains($0) }) {
      throw ValidationError("--scale must be between -1000000 and 1000000, not \(wrong)")
    }
  }

  /// Options that are given and that a method does not have.
  private func options(notOf method: MergeMethod) -> [String] {
    let given: [(isGiven: Bool, name: String, methods: Set<MergeMethod>)] = [
      (!weight.isEmpty, "--weight", [.linear]), (alpha != nil, "--alpha", [.linear, .slerp]),
      (layers != nil, "--layers", [.linear, .slerp]),
      (base != nil, "--base", [.taskArithmetic]), (!scale.isEmpty, "--scale", [.taskArithmetic]),
    ]
    return given.filter { $0.isGiven && !$0.methods.contains(method) }.map(\.name)
  }

  /// The options of the library for a number of models besides the first.
  func options(modelCount: Int, tensors: TokenTensorOptions) -> MergeOptions {
    var options = MergeOptions(rule: rule(modelCount: modelCount))
    options.restoredTokens = restoreTokens
    options.elementType = dtype?.elementType
    options.layerPrefix = layerPrefix
    options.names = tensors.names
    return options
  }

  private func rule(modelCount: Int) -> MergeRule {
    if method == .taskArithmetic {
      let ones = [Double](repeating: 1, count: modelCount)
      return .differences(scales: scale.isEmpty ? ones : scale)
    }
    let path = method == .slerp ? InterpolationPath.sphere : .line
    if var layers {
      layers.elsewhere = alpha ?? 0
      return .interpolation(path, shares: layers)
    }
    if let share = alpha ?? (method == .slerp ? 0.5 : nil) {
      return .interpolation(path, shares: LayerShares(share))
    }
    let ones = [Double](repeating: 1, count: modelCount + 1)
    return .mean(weights: weight.isEmpty ? ones : weight)
  }
}

extension LayerShares {
  /// The value of `--layers`.
  fileprivate init(argument: String) throws {
    do { try self.init(parsing: argument) } catch { throw ValidationError("\(error)") }
  }
}
