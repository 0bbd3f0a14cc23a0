import ArgumentParser
import TesseraTraining

/// The corpora of a verb that trains a model on a new language.
struct LanguageOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: """
      Files or folders of text in the new language. NAME=PATH makes several sources, each with a name for \
      --mix and --data-stage.
      """,
    completion: .file())
  var corpus: [String]

  @Option(
    parsing: .upToNextOption,
    help: """
      Files or folders of text in the model's own language, trained on along with the corpus; or \
      NAME=PATH as with --corpus.
      """,
    completion: .file())
  var replay: [String] = []

  @Flag(help: "Train without text of the model's own language; it will be forgotten.")
  var noReplay = false

  @Option(help: "What tables call the new language. (default: the corpus' last path component)")
  var name: String?

  @OptionGroup var documents: DocumentOptions

  @Option(help: "Share of each corpus that is held out, as a fraction.")
  var heldOut = AdaptationOptions().heldOutShare

  /// The files and folders, without names.
  var paths: [String] {
    (try? (sources(ofCorpus: corpus) + sources(ofCorpus: replay)).flatMap(\.paths)) ?? corpus
      + replay
  }

  mutating func validate() throws {
    for arguments in [corpus, replay] where !arguments.isEmpty {
      do { _ = try sources(ofCorpus: arguments) } catch { throw ValidationError("\(error)") }
    }
    if noReplay != replay.isEmpty {
      throw ValidationError("give --replay with text of the model's own language, or --no-replay")
    }
    if !(heldOut > 0 && heldOut <= 0.5) {
      throw ValidationError("--held-out must be above 0 and at most 0.5, not \(heldOut)")
    }
  }
}
