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

  /// The names of all sources of a mixture.
  var sourceNames: [String] {
    [target, replay].compactMap { $0 }.flatMap { source in
      source.parts.isEmpty ? [source.name] : source.parts.map(\.name)
    }
  }

  /// The corpora that options name, found and checked but not yet read: those of the new language, then
  /// those of the one to keep.
  static func corpora(_ options: LanguageOptions) throws -> [Corpus] {
    try options.documents.corpora(
      sources(ofCorpus: options.corpus).map(\.paths)
        + (options.noReplay ? [] : sources(ofCorpus: options.replay).map(\.paths)))
  }

  /// Reads the corpora and splits them; no document of one is held out of the other.
  ///
  /// - Parameters:
  ///   - options: What they are called, and how much is held out.
  ///   - corpora: Those of ``corpora(_:)``.
  ///   - console: Where it is said that reading takes long.
  init(_ options: LanguageOptions, _ corpora: [Corpus], _ console: Console) throws {
    /// The documents of the sources of a language, apart.
    func read(_ name: String, _ corpora: ArraySlice<Corpus>) throws -> [[[UInt8]]] {
      try corpora.map { corpus in
        let documents = try console.during("reading \(name)") { try corpus.readAll() }
        if documents.isEmpty { throw CommandError.emptyCorpus(paths: corpus.paths) }
        return documents
      }
    }
    func split(_ name: String, _ documents: [[[UInt8]]]) -> Adaptation.Source {
      Adaptation.Source(
        name: name,
        documents: DocumentSplit(
          Array(documents.joined()), share: options.heldOut,
          sizeLimit: AdaptationOptions().heldOutSizeLimit))
    }
    /// The source with its parts, once it is known what is held out.
    func parts(
      _ source: Adaptation.Source, _ names: [String], _ documents: [[[UInt8]]]
    ) -> Adaptation.Source {
      var source = source
      if names.count > 1 || names != ["corpus"] {
        source.parts = zip(names, documents).map {
          Adaptation.Part(name: $0, documents: source.documents.training(of: $1))
        }
      }
      return source
    }
    let targets = try sources(ofCorpus: options.corpus)
    let targetName = options.name ?? Self.name(of: targets[0].paths)
    let targetCorpora = corpora.prefix(targets.count)
    let targetDocuments = try read(targetName, targetCorpora)
    var target = split(targetName, targetDocuments)
    if options.noReplay {
      replay = nil
    } else {
      let replays = try sources(ofCorpus: options.replay)
      let names = [Self.name(of: replays[0].paths), "replay", "replayed"]
      let name = names.first { $0 != targetName } ?? "replay"
      let replayCorpora = corpora.dropFirst(targets.count)
      let documents = try read(name, replayCorpora)
      var replay = split(name, documents)
      target.documents.leaveOut(heldOutOf: replay.documents)
      replay.documents.leaveOut(heldOutOf: target.documents)
      try Self.check(replay, replayCorpora)
      self.replay = parts(replay, replays.map(\.name), documents)
    }
    try Self.check(target, targetCorpora)
    self.target = parts(target, targets.map(\.name), targetDocuments)
  }

  /// Sees to it that there is something to train on, and something to measure by.
  private static func check(
    _ source: Adaptation.Source, _ corpora: some Sequence<Corpus>
  ) throws {
    if source.documents.training.isEmpty || source.documents.heldOut.isEmpty {
      throw TrainingRunError.noDocuments(source: corpora.flatMap(\.paths).joined(separator: ", "))
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
