import TesseraBasics
import TesseraModels
import TesseraTraining

/// A model small enough for hundreds of steps in a debug build.
func tinyModel(seed: UInt64 = 1, vocabularySize: Int = 29, tied: Bool = true) -> Transformer {
  Transformer(
    configuration: TransformerConfiguration(
      vocabularySize: vocabularySize, width: 16, layerCount: 2, headCount: 2,
      keyValueHeadCount: 1, feedForwardWidth: 24, contextLength: 16, tiedEmbeddings: tied),
    seed: seed)
}

/// Documents of random tokens below `vocabularySize - 1`, the last ID being the end of text; a
/// token stands for one byte.
func randomDocuments(
  _ sizes: [Int], vocabularySize: Int = 29, seed: UInt64 = 1
) -> TokenizedDocuments {
  var random = SplitMix64(seed: seed)
  var documents = TokenizedDocuments(
    vocabularySize: vocabularySize, endOfText: UInt32(vocabularySize - 1))
  for size in sizes {
    // Each token depends on the one before, so that there is something to learn.
    var token = random.below(vocabularySize - 1)
    var tokens: [UInt32] = []
    for _ in 0..<size {
      tokens.append(UInt32(token))
      token = (token * 5 + 1 + random.below(2)) % (vocabularySize - 1)
    }
    documents.append(tokens, byteCount: size)
  }
  return documents
}

/// Two sources in batches of four sequences of eight tokens.
func tinyData(seed: UInt64 = 7, batchSequenceCount: Int = 4) -> TrainingData {
  TrainingData(
    sources: [
      TrainingSource(name: "target", documents: randomDocuments([40, 3, 17, 25], seed: 1)),
      TrainingSource(name: "replay", documents: randomDocuments([30, 12, 1], seed: 2)),
    ],
    stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [0.75, 0.25]))],
    sequenceLength: 8, batchSequenceCount: batchSequenceCount, seed: seed)
}

/// A plan with two stages, the first for the embedding alone, and an evaluation every four steps.
func tinyPlan(
  for model: Transformer, steps: Int = 12, microBatchSequenceCount: Int = 4,
  peak: Double = 1e-2
) -> TrainingPlan {
  TrainingPlan(
    steps: steps, schedule: .warmupCosine(peak: peak, steps: steps, warmup: 2),
    stages: [
      TrainingStage(
        name: "embedding", firstStep: 0, scope: .embeddings,
        groups: ParameterGroup.adaptation(
          layout: model.layout, newRows: RangeSet(20..<28), bodyRate: 0, baseRowRate: 0.5,
          newRowRate: 2,
          weightDecay: 0.1)),
      TrainingStage(
        name: "all", firstStep: 3, scope: .all,
        groups: ParameterGroup.adaptation(
          layout: model.layout, newRows: RangeSet(20..<28), bodyRate: 1, baseRowRate: 0.5,
          newRowRate: 1,
          weightDecay: 0.1)),
    ],
    microBatchSequenceCount: microBatchSequenceCount, evaluationInterval: 4)
}
