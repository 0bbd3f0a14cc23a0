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
    [target, replay].compactMap { $0 }.flatMap { $0.parts.map(\.name) }
  }

  /// The corpora that options name, found and checked but not yet read: those of the new language, then
  /// those of the one to keep.
  ///
  /// - Parameter metadataFields: The fields of documents that are wanted beside the text.
  static func corpora(
    _ options: LanguageOptions, metadataFields: [String] = []
  ) throws -> [Corpus] {
    try options.documents.corpora(
      sources(ofCorpus: options.corpus).map(\.paths)
        + (options.noReplay ? [] : sources(ofCorpus: options.replay).map(\.paths)),
      metadataFields: metadataFields)
  }

  /// Reads the corpora and splits them; no document of one is held out of the other.
  ///
  /// - Parameters:
  ///   - options: What they are called, and how much is held out.
  ///   - corpora: Those of ``corpora(_:)``.
  ///   - template: The prefix of a source, where it has places for fields of documents.
  ///   - console: Where it is said that reading takes long.
  ///   - onTarget: Gets the documents of the new language before they are split.
  init(
    _ options: LanguageOptions, _ corpora: [Corpus],
    template: (String) -> PrefixTemplate? = { _ in nil },
    _ console: Console, onTarget: ([[UInt8]]) throws -> Void = { _ in }
  ) throws {
    /// Reads the sources of a language.
    func read(
      _ name: String, _ sources: [(name: String, paths: [String])], _ corpora: ArraySlice<Corpus>
    ) throws -> [Part] {
      try zip(sources, corpora).map { source, corpus in
        let isNamed = sources.count > 1 || source.name != unnamedSource
        var part = Part(name: isNamed ? source.name : name)
        try console.during("reading \(part.name)") {
          if let template = template(part.name) {
            (part.documents, part.prefixes) = try corpus.readAll(prefix: template)
          } else {
            part.documents = try corpus.readAll()
          }
        }
        if part.documents.isEmpty { throw CommandError.emptyCorpus(paths: corpus.paths) }
        return part
      }
    }
    func source(_ name: String, _ parts: [Part]) -> Adaptation.Source {
      Adaptation.Source(
        name: name,
        documents: DocumentSplit(
          parts.flatMap(\.documents), share: options.heldOut,
          sizeLimit: AdaptationOptions().heldOutSizeLimit))
    }
    let targets = try sources(ofCorpus: options.corpus)
    let targetName = options.name ?? Self.name(of: targets[0].paths)
    let targetCorpora = corpora.prefix(targets.count)
    let targetParts = try read(targetName, targets, targetCorpora)
    try onTarget(targetParts.flatMap(\.documents))
    var target = source(targetName, targetParts)
    if options.noReplay {
      replay = nil
    } else {
      let replays = try sources(ofCorpus: options.replay)
      let names = [Self.name(of: replays[0].paths), "replay", "replayed"]
      let name = names.first { $0 != targetName } ?? "replay"
      let replayCorpora = corpora.dropFirst(targets.count)
      let parts = try read(name, replays, replayCorpora)
      var replay = source(name, parts)
      target.documents.leaveOut(heldOutOf: replay.documents)
      replay.documents.leaveOut(heldOutOf: target.documents)
      try Self.check(replay, replayCorpora)
      replay.parts = parts.map { $0.training(replay.documents) }
      self.replay = replay
    }
    try Self.check(target, targetCorpora)
    target.parts = targetParts.map { $0.training(target.documents) }
    self.target = target
  }

  /// The documents of a source with a name.
  private struct Part {
    var name: String
    var documents: [[UInt8]] = []
    /// What stands before each of them, if that is asked for.
    var prefixes: [String?] = []

    /// What of it is trained on.
    func training(_ split: DocumentSplit) -> Adaptation.Part {
      let chosen = documents.indices.filter { split.isForTraining(documents[$0]) }
      return Adaptation.Part(
        name: name, documents: chosen.map { documents[$0] },
        prefixes: prefixes.isEmpty ? [] : chosen.map { prefixes[$0] })
    }
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
