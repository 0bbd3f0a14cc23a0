import TesseraBasics
import TesseraTraining
import TesseraVocabulary

/// What `tessera compare` measured.
struct ComparisonReport {
  /// One method with one seed.
  struct Run {
    let method: InitializationMethod
    let seed: Int
    /// Scores after some steps, from the first step on.
    let scores: [RunEvaluation]
  }

  /// The names of the corpora: the new language, then the one that is replayed.
  let corpora: [String]
  /// The number of new tokens.
  let newTokenCount: Int
  /// What the bits per byte are.
  let measure: ScoreMeasure
  /// What was measured, in the order in which it was.
  var runs: [Run]

  /// Whether a run was measured.
  func has(_ method: InitializationMethod, seed: Int) -> Bool {
    runs.contains { $0.method == method && $0.seed == seed }
  }

  /// Mean and sample deviation over the seeds of a method's bits per byte.
  private func summary(
    of method: InitializationMethod, _ corpus: String, _ step: Int
  ) -> (mean: Double, deviation: Double) {
    let values = runs.filter { $0.method == method }.compactMap { run in
      run.scores.first { $0.step == step }?[corpus]
    }
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(max(1, values.count - 1))).squareRoot())
  }

  /// The methods, the one with the fewest bits per byte of the new language at the last step first.
  private var ranking: [InitializationMethod] {
    let methods = InitializationMethod.allCases.filter { method in
      runs.contains { $0.method == method }
    }
    guard let corpus = corpora.first, let last = steps.last else { return methods }
    return methods.enumerated().map { (summary(of: $1, corpus, last).mean, $0, $1) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
  }

  private var steps: [Int] { Set(runs.flatMap { $0.scores.map(\.step) }).sorted() }

  /// The table: bits per byte, mean and deviation over the seeds.
  var table: String {
    let steps = steps
    let header =
      ["method", "seeds"]
      + corpora.flatMap { corpus in steps.flatMap { ["\(corpus) at \($0)", "+-"] } }
    let rows = ranking.map { method in
      [method.rawValue, "\(runs.count { $0.method == method })"]
        + corpora.flatMap { corpus in
          steps.flatMap { step in
            let (mean, deviation) = summary(of: method, corpus, step)
            return [fixed(mean, 4), fixed(deviation, 4)]
          }
        }
    }
    return alignedTable([header] + rows)
  }

  /// The report for programs.
  var record: JSONValue {
    var record: JSONObject = [
      "corpora": .array(corpora.map { .string($0) }), "new_tokens": .init(newTokenCount),
      "measure": .string(measure.rawValue), "runs": .array(runs.map(\.record)),
    ]
    record["ranking"] = .array(ranking.map { .string($0.rawValue) })
    return .object(record)
  }

  /// The runs of a report.
  static func runs(in record: JSONValue?) -> [Run] {
    record?["runs"]?.array?.compactMap(Run.init) ?? []
  }
}

extension ComparisonReport.Run {
  fileprivate var record: JSONValue {
    .object([
      "method": .string(method.rawValue), "seed": .init(seed),
      "bits_per_byte": .array(
        scores.map { score in
          .object([
            "step": .init(score.step),
            "corpora": .array(
              score.entries.map {
                .object(["name": .string($0.name), "bits_per_byte": .init($0.bitsPerByte)])
              }),
          ])
        }),
    ])
  }

  /// A run out of a record; nil if it is not one.
  fileprivate init?(_ record: JSONValue) {
    guard let name = record["method"]?.string, let seed = record["seed"]?.int,
      let method = InitializationMethod(rawValue: name),
      let scores = record["bits_per_byte"]?.array
    else { return nil }
    self.method = method
    self.seed = seed
    self.scores = scores.compactMap { score in
      guard let step = score["step"]?.int, let entries = score["corpora"]?.array else { return nil }
      return RunEvaluation(
        step: step,
        entries: entries.compactMap { entry in
          guard let name = entry["name"]?.string, let bits = entry["bits_per_byte"]?.double else {
            return nil
          }
          return RunEvaluation.Entry(name: name, bitsPerByte: bits)
        })
    }
  }
}
