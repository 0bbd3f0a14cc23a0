import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraTraining

/// The corpus of a run: text, or a folder of shards; or several sources of either, each with a name.
struct CorpusArguments: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: """
      Files or folders of text, - for standard input; or one folder of shards. NAME=PATH makes several \
      sources, each with a name for --mix and --data-stage.
      """,
    completion: .file())
  var corpus: [String]

  @OptionGroup var documents: DocumentOptions

  @Option(
    help: "Share of the corpus that is held out, as a fraction. (default: 0.005; shards are split)")
  var heldOut: Double?

  mutating func validate() throws {
    if let heldOut, !(0...0.5).contains(heldOut) {
      throw ValidationError("--held-out must be between 0 and 0.5, not \(heldOut)")
    }
  }

  /// The sources with their names.
  func named() throws -> [(name: String, paths: [String])] { try sources(ofCorpus: corpus) }

  /// A source, found and not yet read.
  struct Opened {
    let name: String
    let content: Content
  }

  /// What a source is made of.
  enum Content {
    case text(Corpus)
    case shards(String)
  }

  /// Finds the sources.
  ///
  /// - Parameters:
  ///   - named: The sources with their names.
  ///   - data: What says which fields of documents are read as well.
  ///   - masking: How an encoder is trained, which may need text.
  func opened(
    _ named: [(name: String, paths: [String])], _ data: DataArguments, _ masking: MaskingArguments
  ) throws -> [Opened] {
    if masking.spans != nil, named.count > 1 {
      throw UsageError("--spans counts the documents of one corpus, and there are \(named.count)")
    }
    let shards = try named.map { try shardFolder(in: $0.paths, documents, heldOut: heldOut) }
    if let unit = masking.masking, unit != .token, shards.contains(where: { $0 != nil }) {
      throw UsageError("--masking \(unit.rawValue) needs text, and shards hold tokens")
    }
    let texts = zip(named, shards).compactMap { $1 == nil ? $0.paths : nil }
    var corpora = try documents.corpora(texts, metadataFields: data.metadataFields)[...]
    return zip(named, shards).map { source, shards in
      Opened(
        name: source.name, content: shards.map(Content.shards) ?? .text(corpora.removeFirst()))
    }
  }

  /// The tokens of the sources.
  func tokens(
    of sources: [Opened], by tokenizer: Tokenizer, _ data: DataArguments,
    _ masking: MaskingArguments, options: PretrainingOptions, _ console: Console
  ) throws -> [Pretraining.Source] {
    try sources.map { source in
      let corpus =
        switch source.content {
        case .text(let corpus):
          try tokenized(
            corpus, by: tokenizer, prefix: data.template(ofSource: source.name), masking, console)
        case .shards(let path):
          try TokenizedCorpus(
            ShardFolder(path: path, tokenizer: tokenizer),
            heldOutSizeLimit: options.heldOutSizeLimit, progress: console.progress)
        }
      return Pretraining.Source(name: source.name, corpus: corpus)
    }
  }

  private func tokenized(
    _ corpus: Corpus, by tokenizer: Tokenizer, prefix: PrefixTemplate?,
    _ masking: MaskingArguments, _ console: Console
  ) throws -> TokenizedCorpus {
    let name = corpus.paths.joined(separator: ", ")
    let heldOut = heldOut ?? ShardingOptions(format: .tessera).heldOutShare
    do {
      return try TokenizedCorpus(
        corpus, name: name, tokenizer: tokenizer,
        split: heldOut > 0 ? HeldOutSplit(fraction: heldOut) : nil, prefix: prefix,
        unit: masking.masking ?? .token, spans: try masking.documentSpans(),
        progress: console.progress)
    } catch TrainingRunError.noDocuments(let source) {
      // Standard input cannot be read again to see whether there was anything.
      if !corpus.paths.contains("-") {
        var reader = corpus.makeReader()
        if try reader.next() == nil { throw CommandError.emptyCorpus(paths: corpus.paths) }
      }
      throw TrainingRunError.noDocuments(source: source)
    }
  }
}
