import TesseraBasics

/// The files that text is read from, found and checked but not yet opened.
///
/// A path is a file, a folder, or `-` for standard input. Folders are searched at any depth for
/// the names in ``CorpusFile/suffixes``; what is hidden is left out, and the order is that of the
/// names' bytes. A file that is named on its own is read whatever its name is: as JSON lines if
/// that ends in `.jsonl`, else as text, and decompressed if it ends in `.gz` or `.zst`.
///
///     let corpus = try Corpus(paths: ["texts", "more.jsonl.zst"])
///     var reader = corpus.makeReader()
///     while let document = try reader.next() { use(document.bytes) }
public struct Corpus: Hashable, Sendable {
  /// What was asked for.
  public let paths: [String]
  /// The files, in the order in which they are read.
  public let files: [CorpusFile]
  /// How documents are found in them.
  public let options: CorpusOptions

  /// Looks for the files.
  ///
  /// - Throws: ``CorpusError/emptyFolder(path:)`` for a folder without corpus files,
  ///   ``CorpusError/unreadable(_:)`` for a path that leads nowhere,
  ///   ``CorpusError/unsupportedFormat(path:)``, ``CorpusError/noPaths``,
  ///   ``CorpusError/standardInputTwice``.
  public init(paths: [String], options: CorpusOptions = CorpusOptions()) throws(CorpusError) {
    if paths.isEmpty { throw .noPaths }
    var files: [CorpusFile] = []
    for path in paths {
      if path == "-" {
        if files.contains(where: { $0.path == "-" }) { throw .standardInputTwice }
        files.append(CorpusFile(path: "-", format: options.standardInput, byteCount: nil))
      } else if Path.isDirectory(path) {
        let found = try Corpus.corpusFiles(under: path)
        if found.isEmpty { throw .emptyFolder(path: path) }
        files += found
      } else {
        guard Path.exists(path) else { throw .missing(path) }
        if !CorpusFile.isReadable(path) { throw .unsupportedFormat(path: path) }
        files.append(CorpusFile(path))
      }
    }
    self.paths = paths
    self.files = files
    self.options = options
  }

  /// The size of all files on disk, compressed as they are; nil if one has none.
  ///
  /// ``DocumentReader/bytesRead`` counts up to this.
  public var byteCount: Int? {
    var sum = 0
    for file in files {
      guard let count = file.byteCount else { return nil }
      sum += count
    }
    return sum
  }

  /// A reader at the beginning of the first file.
  public func makeReader() -> DocumentReader { DocumentReader(files: files, options: options) }

  private static func corpusFiles(under path: String) throws(CorpusError) -> [CorpusFile] {
    let names: [String]
    do {
      names = try listFiles(under: path)
    } catch {
      throw .unreadable(.file(error))
    }
    let rootSize = path.utf8.count
    return names.filter { name in
      let components = name.utf8.dropFirst(rootSize).split(separator: UInt8(ascii: "/"))
      return CorpusFile.isCorpusFile(name)
        && !components.contains { $0.first == UInt8(ascii: ".") }
    }.map(CorpusFile.init)
  }
}

extension CorpusFile {
  /// A file as its name and its size on disk say.
  init(_ path: String) {
    self.init(
      path: path, format: CorpusFile.format(of: path), byteCount: Path.regularFileSize(path))
  }
}

extension CorpusError {
  /// The error of a path that leads nowhere: number 2 is the system's for that.
  fileprivate static func missing(_ path: String) -> CorpusError {
    .unreadable(.file(.cannotOpen(path: path, errno: 2)))
  }
}
