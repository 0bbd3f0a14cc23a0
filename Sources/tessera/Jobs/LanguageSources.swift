import TesseraBasics
import TesseraCorpora
import TesseraTraining

/// The documents of the new language, and of the one to keep, each split into what is trained on and
/// what is held out.
struct LanguageSources {
  /// The new language.
  let target: Adaptation.Source
  /// The language to keep, if there is a corpus of it.
  let replay: Adaptation.Source?

  /// The corpora that options name, found and checked but not yet read.
  static func corpora(_ options: LanguageOptions) throws -> [Corpus] {
    try options.documents.corpora([options.corpus] + (options.noReplay ? [] : [options.replay]))
  }

  /// Reads the corpora and splits them; no document of one is held out of the other.
  ///
  /// - Parameters:
  ///   - options: What they are called, and how much is held out.
  ///   - corpora: Those of ``corpora(_:)``.
  ///   - console: Where it is said that reading takes long.
  init(_ options: LanguageOptions, _ corpora: [Corpus], _ console: Console) throws {
    func source(_ name: String, _ corpus: Corpus) throws -> Adaptation.Source {
      let documents = try console.during("reading \(name)") { try corpus.readAll() }
      if documents.isEmpty { throw CommandError.emptyCorpus(paths: corpus.paths) }
      return Adaptation.Source(
        name: name,
        documents: DocumentSplit(
          documents, share: options.heldOut,
          sizeLimit: AdaptationOptions().heldOutSizeLimit))
    }
    let targetName = options.name ?? Self.name(of: options.corpus)
    var target = try source(targetName, corpora[0])
    if options.noReplay {
      replay = nil
    } else {
      let names = [Self.name(of: options.replay), "replay", "replayed"]
      var replay = try source(names.first { $0 != targetName } ?? "replay", corpora[1])
      target.documents.leaveOut(heldOutOf: replay.documents)
      replay.documents.leaveOut(heldOutOf: target.documents)
      try Self.check(replay, corpora[1])
      self.replay = replay
    }
    try Self.check(target, corpora[0])
    self.target = target
  }

  /// Sees to it that there is something to train on, and something to measure by.
  private static func check(_ source: Adaptation.Source, _ corpus: Corpus) throws {
    if source.documents.training.isEmpty || source.documents.heldOut.isEmpty {
      throw TrainingRunError.noDocuments(source: corpus.paths.joined(separator: ", "))
    }
  }

  /// What tables call a corpus: the last part of its path, without an ending.
  private static func name(of paths: [String]) -> String {
    var path = paths[0]
    while path.hasSuffix("/") { path.removeLast() }
    let name = Path.lastComponent(of: path).prefix { $0 != "." }
    return name.isEmpty || name == "-" ? "target" : String(name)
  }
}
