public import ArgumentParser
import TesseraModels
public import TesseraTraining

extension AdapterOptions.Method: ExpressibleByArgument {}

/// The matrices that adapters are of.
enum AdapterPlaces: String, CaseIterable, ExpressibleByArgument {
  case all, attention
  case feedForward = "feed-forward"

  var matrices: LayerMatrices {
    switch self {
    case .all: .all
    case .attention: [.queryKeyValue, .attentionOutput]
    case .feedForward: .feedForward
    }
  }
}

/// Low-rank adapters.
struct AdapterArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Train low-rank adapters of the layers' matrices, which stay as they are: lora, rslora (a scale for \
      large ranks), dylora (each step draws a rank and trains the first ones up to it), layra (the first and the last \
      layers). Norms and biases stay too; embedding and head are trained as without. The model that is \
      written has the adapters in its matrices.
      """, valueName: "method"))
  var adapters: AdapterOptions.Method?

  @Option(help: "The rank of adapters. (default: 8)")
  var adapterRank: Int?

  @Option(help: "The scale of adapters times their rank. (default: 16)")
  var adapterAlpha: Double?

  @Option(help: "The matrices with adapters: all, attention, feed-forward. (default: all)")
  var adapterMatrices: AdapterPlaces?

  @Option(
    help: ArgumentHelp(
      "The layers with adapters, such as 0-9,-2--1. (default: the method's)", valueName: "ranges"),
    transform: { text in
      guard let layers = LayerSelection(parsing: text) else {
        throw ValidationError("layers are numbers and ranges with commas between, as in 0-9,-2--1")
      }
      return layers
    })
  var adapterLayers: LayerSelection?

  @Option(help: "The smallest rank that dylora draws. (default: 1)")
  var adapterMinRank: Int?

  /// The largest rank that anybody asks for.
  private static let largestRank = 4_096

  /// The options; nil where the matrices are trained.
  var options: AdapterOptions? {
    guard let adapters else { return nil }
    var options = AdapterOptions(adapters)
    options.rank = adapterRank ?? options.rank
    options.alpha = adapterAlpha ?? options.alpha
    options.matrices = adapterMatrices?.matrices ?? options.matrices
    options.layers = adapterLayers
    options.minimumRank = adapterMinRank ?? options.minimumRank
    return options
  }

  mutating func validate() throws {
    try checkRange("--adapter-rank", adapterRank, 1...Self.largestRank)
    try checkRange("--adapter-min-rank", adapterMinRank, 1...Self.largestRank)
    if let adapterAlpha, !(adapterAlpha > 0 && adapterAlpha <= 1e6) {
      throw ValidationError("--adapter-alpha must be positive, not \(adapterAlpha)")
    }
    let others: [(String, Bool)] = [
      ("--adapter-rank", adapterRank != nil), ("--adapter-alpha", adapterAlpha != nil),
      ("--adapter-matrices", adapterMatrices != nil), ("--adapter-layers", adapterLayers != nil),
      ("--adapter-min-rank", adapterMinRank != nil),
    ]
    if adapters == nil, let other = others.first(where: \.1) {
      throw ValidationError("\(other.0) needs --adapters")
    }
    if let adapterMinRank {
      if adapters != .dylora { throw ValidationError("--adapter-min-rank is of --adapters dylora") }
      if let options, adapterMinRank > options.rank {
        throw ValidationError("--adapter-min-rank must be at most --adapter-rank, \(options.rank)")
      }
    }
  }
}
