import TesseraTensors

/// The means of weights that a run keeps, as pure functions of its weights after each step.
///
/// What no step moves stays bit for bit what it was, in the weights and in every mean.
struct WeightAverages: Sendable {
  let options: AveragingOptions
  private let steps: Int
  /// What has to be kept to go on.
  private(set) var state: AverageState

  /// The means before the first step of a run.
  init(options: AveragingOptions, steps: Int, parameters: [Float]) {
    self.options = options
    self.steps = steps
    state = AverageState(
      updateCount: 0, movingAverage: options.movingAverage == nil ? nil : parameters,
      slow: options.lookahead == nil ? nil : parameters, latest: [])
  }

  /// Whether a state is one of these options for a number of parameters.
  func fits(_ state: AverageState, parameterCount: Int) -> Bool {
    (state.movingAverage != nil) == (options.movingAverage != nil)
      && (state.slow != nil) == (options.lookahead != nil)
      && state.latest.count <= options.latest?.count ?? 0
      && state.vectors.allSatisfy { $0.values.count == parameterCount }
  }

  /// Continues from a state.
  ///
  /// - Precondition: The state fits.
  mutating func restore(_ state: AverageState) { self.state = state }

  /// Takes in the weights after a step.
  ///
  /// - Parameters:
  ///   - parameters: The weights; look-ahead moves them.
  ///   - step: The number of steps done.
  ///   - isUpdated: Whether the step was not left out.
  mutating func update(
    _ parameters: inout [Float], step: Int, isUpdated: Bool
  ) {
    let isLast = step == steps
    if let lookahead = options.lookahead, isLast || step % lookahead.interval == 0,
      var slow = state.slow.take()
    {
      moveToward(&slow, parameters, share: Float(lookahead.share))
      parameters = slow
      state.slow = slow
    }
    if let options = options.movingAverage, isUpdated, var mean = state.movingAverage.take() {
      state.updateCount += 1
      moveToward(&mean, parameters, share: Float(options.gain(atUpdate: state.updateCount)))
      state.movingAverage = mean
    }
    if let latest = options.latest, isLast || step % latest.interval(steps: steps) == 0 {
      if state.latest.count == latest.count { state.latest.removeFirst() }
      state.latest.append(parameters)
    }
  }

  /// Weights of a kind; the mean of no copies is what is trained.
  func weights(_ kind: WeightKind, trained: [Float]) -> [Float] {
    switch kind {
    case .trained: trained
    case .ema: state.movingAverage ?? trained
    case .lawa: state.latest.isEmpty ? trained : mean(of: state.latest)
    }
  }
}

/// What ``WeightAverages`` remembers between steps.
struct AverageState: Hashable, Sendable {
  /// How many weights the moving average has taken in.
  var updateCount: Int
  /// The moving average.
  var movingAverage: [Float]?
  /// The slow weights.
  var slow: [Float]?
  /// The latest copies, the oldest first.
  var latest: [[Float]]

  /// No means.
  static let none = AverageState(updateCount: 0, movingAverage: nil, slow: nil, latest: [])

  /// The vectors with the names of their files.
  var vectors: [(name: String, values: [Float])] {
    [("ema", movingAverage), ("slow", slow)].compactMap { name, values in
      values.map { (name, $0) }
    } + latest.enumerated().map { ("lawa-\($0)", $1) }
  }

  /// The state with these vectors.
  init(updateCount: Int, movingAverage: [Float]?, slow: [Float]?, latest: [[Float]]) {
    self.updateCount = updateCount
    self.movingAverage = movingAverage
    self.slow = slow
    self.latest = latest
  }

  /// The state with vectors by the names of their files; nil if there is one that is not known, or one is
  /// missing between two.
  init?(updateCount: Int, vectors: [String: [Float]]) {
    self.init(
      updateCount: updateCount, movingAverage: vectors["ema"], slow: vectors["slow"], latest: [])
    while let copy = vectors["lawa-\(latest.count)"] { latest.append(copy) }
    guard self.vectors.count == vectors.count else { return nil }
  }
}
