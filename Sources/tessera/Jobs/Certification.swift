import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraModels
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// The measurement behind `extend --certify`: what new tokens take from text of the model's own language.
struct Certification {
  /// The file with the figures.
  static let fileName = "certificate.json"
  /// How many bytes are read: far more than what is looked at.
  private static let byteLimit = 1 << 20

  private let documents: [[UInt8]]

  /// Sees to it that the model can be run, then reads the text.
  init(_ corpus: Corpus, model: BaseModel) throws {
    _ = try Transformer.checkedConfiguration(of: model.checkpoint)
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
  func write(
    of plan: VocabularyExtension, _ report: ExtensionReport, to directory: String
  ) throws -> NewTokenMass {
    let model = try Transformer(checkpoint: directory)
    let tokenizer = try Tokenizer(contentsOf: directory)
    let encoder = try DocumentEncoder(
      tokenizer, name: directory, rowCount: model.configuration.vocabularySize)
    let layout = plan.layout
    let certificate = report.matrices.last?.certificate
    var bound: (([Double]) -> Double)?
    if let certificate, certificate.isConvex { bound = { certificate.bound(for: $0) } }
    let mass = model.newTokenMass(
      in: try encoder.encode(documents), newRows: layout.newRows.union(RangeSet(layout.fillers)),
      baseRowCount: layout.baseRowCount, bound: bound)
    var record: JSONObject = ["format": .string("tessera-certificate-1")]
    if let certificate { record["recipes"] = .object(certificate.record) }
    record["old_text"] = .object(mass.record)
    try writeFile(
      Path.join(directory, Self.fileName), JSONValue.object(record).serialized(pretty: true))
    return mass
  }
}
