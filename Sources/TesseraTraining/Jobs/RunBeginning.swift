public import TesseraBasics
public import TesseraCheckpoints
public import TesseraModels
public import TesseraTokenizers

/// What a run has left for another one to begin with: weights in full precision, and all that its
/// optimizer remembers of them.
///
/// The newest state is taken, which is the one after the last step, whatever weights the run has written as
/// its model. Its arrays are read when the new run begins.
public struct RunBeginning: Sendable {
  /// The run's folder.
  public let path: String
  /// What the run itself has begun with.
  public let kind: RunKind
  /// The steps of the run.
  public let step: Int
  /// The steps of all runs, one begun with the other, over which the learning rate's curve counts.
  public let scheduleStep: Int
  /// The highest learning rate of the run.
  public let learningRate: Double
  /// What the run made its steps with.
  public let optimizer: JSONValue
  /// The places in the layout of the tensors that moved in the run, of which its optimizer remembers something.
  let movingTensors: Set<Int>
  /// The hash of the state, that of its manifest.
  public let hash: String
  /// The run's model directory, with whatever other programs need in it.
  public let checkpoint: Checkpoint
  /// The shape of the model.
  public let configuration: TransformerConfiguration
  /// The tokenizer of the model.
  public let tokenizer: Tokenizer

  /// Finds what a run has left.
  ///
  /// - Parameter path: The run's folder, with a model, `run.json` and `state/`.
  /// - Throws: ``TrainingRunError`` where there is no state, or the state is not one of the folder's model;
  ///   `CheckpointError`, `TokenizerError`, `FileError`, `JSONError`.
  public init(contentsOf path: String) throws {
    self.path = path
    let store = StateStore(path: Path.join(path, "state"))
    guard let record = try RunDirectory.record(in: path), let newest = store.steps().last else {
      throw TrainingRunError.noRun(path: path)
    }
    // Only the end of a run leaves a model that belongs to its state.
    if RunDirectory.isUnfinished(path) { throw TrainingRunError.notEnded(path: path) }
    checkpoint = try Checkpoint(directory: path)
    configuration = try Transformer.checkedConfiguration(of: checkpoint)
    tokenizer = try Tokenizer(contentsOf: path)
    let (header, hash) = try store.header(ofStep: newest)
    let folder = store.folder(ofStep: newest)
    guard header.identity.model == ParameterLayout(configuration).record else {
      throw TrainingRunError.otherModel(state: folder, folder: path)
    }
    guard let rate = record["learning_rate"]?.double,
      let method = header.identity.plan["optimizer"],
      let moving = header.identity.plan["moving_tensors"]?.array
    else { throw TrainingRunError.noRun(path: path) }
    let places = Set(moving.compactMap(\.int))
    guard places.count == moving.count,
      places.allSatisfy(ParameterLayout(configuration).tensors.indices.contains)
    else { throw TrainingRunError.noRun(path: path) }
    movingTensors = places
    kind = record["kind"]?.string.flatMap(RunKind.init) ?? .pretrain
    step = newest
    scheduleStep = (header.identity.plan["schedule_first_step"]?.int ?? 0) + newest
    learningRate = rate
    optimizer = method
    self.hash = hash
  }

  /// Sees to it that another run can go on with what the optimizer remembers.
  ///
  /// - Throws: ``TrainingRunError/otherOptimizer(path:found:expected:)``.
  func check(_ options: OptimizerOptions) throws(TrainingRunError) {
    let expected = options.record
    guard optimizer != expected else { return }
    throw .otherOptimizer(
      path: path, found: OptimizerOptions.title(of: optimizer),
      expected: OptimizerOptions.title(of: expected))
  }

  /// Reads the weights and what the optimizer remembers, and checks every byte.
  ///
  /// - Throws: ``TrainingRunError/noValidState(path:faults:)``.
  func load() throws(TrainingRunError) -> (parameters: [Float], optimizer: OptimizerState) {
    let store = StateStore(path: Path.join(path, "state"))
    switch store.load(store.folder(ofStep: step), step: step, extent: .beginning) {
    case .success(let (state, _)): return (state.parameters, state.optimizer)
    case .failure(let fault): throw .noValidState(path: store.path, faults: [fault])
    }
  }

  /// What a run that begins so says of it.
  var record: JSONValue {
    .object([
      "run": .string(path),
      "run_kind": .string(kind.rawValue),
      "step": .init(step),
      "schedule_step": .init(scheduleStep),
      "state_sha256": .string(hash),
    ])
  }
}
