public import TesseraBasics
import TesseraModels
import TesseraTokenizers

/// How far the hidden states of a model are from those of its base on the same text, at each depth.
///
/// Weights may move much where it changes little, and little where it changes much; states tell what the
/// text sees of it. They are compared where tokens of both end at the same byte, so the tokenizers may
/// differ.
public struct StateDrift: Sendable {
  /// What is found after some layers: 0 are the rows of the embedding, and the last one what the head reads.
  public struct Depth: Sendable {
    /// How many layers are passed.
    public let depth: Int
    /// √(Σ ‖h - h₀‖² / Σ ‖h₀‖²) over positions.
    public let relativeDistance: Double
    /// The mean over positions of the cosine between both states.
    public let meanCosine: Double
  }

  /// From the embedding on.
  public let depths: [Depth]
  /// How many positions were compared.
  public let positionCount: Int

  /// The bytes of a document that are looked at, and how many documents.
  private static let (textSize, documentLimit) = (512, 16)

  /// Compares states on some of the documents.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - base: What it was made of.
  ///   - documents: Text; a sample is taken by the seed.
  ///   - seed: The seed of the sample.
  ///   - progress: Gets documents that are done.
  /// - Returns: nil where both models differ in width or depth, or tokens of one do not stand for bytes, or
  ///   never end at the same byte.
  public init?(
    of model: ProbedModel, from base: ProbedModel, documents: [[UInt8]], seed: UInt64 = 0,
    progress: ProgressHandler? = nil
  ) throws {
    let (c, d) = (model.model.configuration, base.model.configuration)
    guard c.width == d.width, c.layerCount == d.layerCount, model.tokenizer.keepsBytes,
      base.tokenizer.keepsBytes
    else { return nil }
    let width = c.width
    let texts = ProbeText.sample(documents.count, limit: Self.documentLimit, seed: seed).map {
      index in
      Array(
        documents[index][..<ProbeText.cut(documents[index], near: Self.textSize, slack: 64)])
    }
    var distances = [WeightDistance](repeating: WeightDistance(), count: c.layerCount + 1)
    var cosines = [Double](repeating: 0, count: c.layerCount + 1)
    var positionCount = 0
    for (index, text) in texts.enumerated() {
      let (ends, states) = try Self.states(of: model, text)
      let (baseEnds, baseStates) = try Self.states(of: base, text)
      let basePlaces = Dictionary(
        baseEnds.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
      for (place, end) in ends.enumerated() {
        guard let other = basePlaces[end] else { continue }
        positionCount += 1
        for depth in distances.indices {
          var distance = WeightDistance()
          distance.add(
            Array(states[depth][place * width..<(place + 1) * width]),
            base: Array(baseStates[depth][other * width..<(other + 1) * width]))
          distances[depth].add(distance)
          cosines[depth] += distance.cosine
        }
      }
      progress?(
        ProgressUpdate(
          phase: "comparing states", completed: index + 1, total: texts.count, unit: "documents",
          detail: nil))
    }
    guard positionCount > 0 else { return nil }
    self.positionCount = positionCount
    depths = distances.enumerated().map { depth, distance in
      Depth(
        depth: depth, relativeDistance: distance.relativeDistance,
        meanCosine: cosines[depth] / Double(positionCount))
    }
  }

  /// Where the tokens of a text end, and the states at them by depth.
  private static func states(
    of model: ProbedModel, _ text: [UInt8]
  ) throws -> (ends: [Int], states: [[Float]]) {
    let limit = model.model.configuration.contextLength - 1
    let tokens = try model.encode([text])[0].prefix(max(0, limit))
    var ends: [Int] = []
    for token in tokens {
      ends.append(
        (ends.last ?? 0) + model.tokenizer.byteCount(of: UInt32(bitPattern: token)))
    }
    let inputs = [model.endOfText] + tokens
    let states = model.model.hiddenStates(
      of: TokenBatch(
        sequenceCount: 1, sequenceLength: inputs.count, inputs: inputs, targets: inputs),
      workspace: model.workspace)
    let width = model.model.configuration.width
    // The end-of-text token, which both have, is none of the text's.
    return (ends, states.map { Array($0.dropFirst(width)) })
  }

  /// The figures for programs.
  public var record: JSONObject {
    [
      "positions": .init(positionCount),
      "depths": .array(
        depths.map { depth in
          [
            "depth": .init(depth.depth), "relative_distance": .init(depth.relativeDistance),
            "mean_cosine": .init(depth.meanCosine),
          ]
        }),
    ]
  }
}
