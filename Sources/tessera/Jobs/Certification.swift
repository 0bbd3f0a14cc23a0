import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraModels
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// The measurement behind `extend --certify`: what new tokens take from text of the model's own language, and
/// how far rows are from the hull of the base's rows, where their recipes do not say that they are in it.
struct Certification {
  /// What was measured.
  struct Result {
    let mass: NewTokenMass
    /// Nil where all recipes are convex.
    let hull: HullDistances?

    /// The figures for programs.
    var record: JSONObject {
      var record = mass.record
      if let hull { record["hull"] = .object(hull.record) }
      return record
    }
  }

  /// The file with the figures.
  static let fileName = "certificate.json"
  /// How many bytes are read: far more than what is looked at.
  private static let byteLimit = 1 << 20

  private let documents: [[UInt8]]

  /// Sees to it that the model can be run, then reads the text.
  init(_ corpus: Corpus, model: BaseModel) throws {
    guard
      try Transformer.checkedConfiguration(of: model.checkpoint).objective == .nextToken
    else { throw MaskingError.predictsMaskedTokens(purpose: "--certify") }
    if model.tokenizer.endOfText == nil {
      throw CommandError.noEndOfText(tokenizer: model.checkpoint.directory)
    }
    documents = try corpus.sample(byteLimit: Self.byteLimit)
    if documents.isEmpty { throw CommandError.emptyCorpus(paths: corpus.paths) }
  }

  /// Runs the extended model over the text, and leaves the figures beside it.
  ///
  /// - Parameters:
  ///   - plan: The extension.
  ///   - report: What became of it.
  ///   - directory: The folder with the extended model.
  ///   - progress: Gets the passes over the base's rows.
  func write(
    of plan: VocabularyExtension, _ report: ExtensionReport, to directory: String,
    progress: ProgressHandler?
  ) throws -> Result {
    let model = try Transformer(checkpoint: directory)
    let tokenizer = try Tokenizer(contentsOf: directory)
    let encoder = try DocumentEncoder(
      tokenizer, name: directory, rowCount: model.configuration.vocabularySize)
    let layout = plan.layout
    let certificate = report.matrices.last?.certificate
    var bound: (([Double]) -> Double)?
    // The bound is one of the exponentials of inner products, which soft caps change.
    if let certificate, certificate.isConvex, model.configuration.logitSoftCap == nil {
      bound = { certificate.bound(for: $0) }
    }
    let mass = model.newTokenMass(
      in: try encoder.encode(documents), newRows: layout.newRows.union(RangeSet(layout.fillers)),
      baseRowCount: layout.baseRowCount, bound: bound)
    var record: JSONObject = ["format": .string("tessera-certificate-1")]
    if let certificate { record["recipes"] = .object(certificate.record) }
    record["old_text"] = .object(mass.record)
    let hull = try distances(
      of: certificate?.unprovenTokens ?? [], in: model, plan, progress)
    if let hull { record["hull"] = .object(hull.record) }
    try writeFile(
      Path.join(directory, Self.fileName), JSONValue.object(record).serialized(pretty: true))
    return Result(mass: mass, hull: hull)
  }

  /// Measures a sample of the rows of new tokens; nil if there are none to measure.
  private func distances(
    of tokens: [Int], in model: Transformer, _ plan: VocabularyExtension,
    _ progress: ProgressHandler?
  ) throws -> HullDistances? {
    let wanted: ParameterLayout.Role = model.configuration.tiedEmbeddings ? .embedding : .head
    guard !tokens.isEmpty, let head = model.layout.tensors.first(where: { $0.role == wanted })
    else { return nil }
    let (width, start) = (model.configuration.width, head.range.lowerBound)
    let sample = HullDistances.sample(of: tokens.count, seed: plan.options.seed)
    let points = sample.flatMap { index in
      let row = start + Int(plan.tokens.id(of: tokens[index])) * width
      return model.parameters[row..<row + width]
    }
    return try HullDistances(
      of: points, from: model.parameters[head.range], rows: plan.base.tokenRows, width: width,
      progress: progress)
  }
}
