/// What the batches of a run are made of.
public struct DataOptions: Hashable, Sendable {
  /// Weights of sources by their names; those without one have a weight by their size.
  ///
  /// They say how the sources of a language, or of a run that knows no languages, share what these get.
  public var weights: [String: Double] = [:]
  /// The temperature by which sizes become weights: see ``samplingWeights(sizes:temperature:)``.
  public var samplingTemperature = 1.0
  /// The most passes over a source; nil is any number.
  public var epochLimit: Double?
  /// The stages; none are one with the run's own mixture.
  public var stages: [DataStageRule] = []
  /// Stages that have a name, in place of ``stages``.
  public var curriculum: DataCurriculum?
  /// How documents are put into sequences.
  public var packing = SequencePacking.concatenate
  /// Whether attention stays inside of documents.
  public var masksDocuments = false
  /// Prefixes of documents, by the names of their sources: the text of a ``PrefixTemplate``.
  public var prefixes: [String: String] = [:]
  /// The share of documents that have one.
  public var prefixShare = 1.0
  /// The temperature of ``LossWeighting``, in nats, from the end of the warmup on; nil weighs all
  /// sequences alike.
  public var lossTemperature: Double?

  /// One source after the other in proportion to its size, as it always was.
  public init() {}
}
