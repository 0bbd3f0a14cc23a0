public import TesseraBasics

extension TrainingData {
  /// The steps of each stage of a run, one after the other; those behind its end are left out.
  public func stageSteps(steps: Int) -> [Range<Int>] {
    stages.indices.map { index in
      let end = index + 1 < stages.count ? min(steps, stages[index + 1].firstStep) : steps
      return min(stages[index].firstStep, end)..<end
    }
  }

  /// What a run of `steps` steps reads, for people's and programs' eyes: shares, passes, stages.
  public func record(steps: Int) -> JSONValue {
    let (epochs, shares, targets) = (epochs(after: steps), shares(after: steps), targetShares)
    return .object([
      "packing": .string(packing.rawValue),
      "document_masks": .bool(masksDocuments),
      "sources": .array(
        sources.enumerated().map { number, source in
          .object([
            "name": .string(source.name),
            "documents": .init(source.documents.count),
            "tokens": .init(source.documents.tokens.count),
            "share": .init(shares[number]),
            "epochs": .init(epochs[number]),
            "target_share": .init(targets[number]),
            "prefix_tokens": .init(source.prefixes.longest),
          ])
        }),
      "stages": .array(
        zip(stages, stageSteps(steps: steps)).map { stage, steps in
          .object([
            "first_step": .init(steps.lowerBound),
            "steps": .init(steps.count),
            "prefix_share": .init(stage.prefixShare),
            "shares": .object(
              JSONObject(
                members: sources.enumerated().map { number, source in
                  (source.name, .init(stage.mixture.share(of: number)))
                })),
          ])
        }),
    ])
  }
}
