internal import TesseraBasics

/// The files that tokenizers come in.
public enum TokenizerFormat: String, CaseIterable, Hashable, Sendable {
  /// tokenizer.json, of tokenizers and transformers.
  case huggingFace = "huggingface"
  /// A rank file of tiktoken.
  case tiktoken
  /// vocab.json and merges.txt.
  case vocabularyAndMerges = "vocab-merges"
  /// A model of SentencePiece.
  case sentencePiece = "sentencepiece"
  /// Mistral's tekken.json.
  case tekken
  /// Tessera's own, which is loaded in milliseconds.
  case compiled
}

extension Tokenizer {
  /// The names of files in a folder that tokenizers are read from, the first ones before the others.
  public static var fileNames: [String] { TokenizerFile.names.map(\.0) }

  /// The files that a folder's or a file's tokenizer is read from.
  ///
  /// - Throws: ``TokenizerError/notATokenizer(path:found:)`` and ``TokenizerError/file(_:)``.
  package static func sources(at path: String) throws(TokenizerError) -> [String] {
    try TokenizerFile(at: path).sources
  }

  /// Whether a file is a compiled tokenizer, or empty.
  ///
  /// - Throws: ``TokenizerError/file(_:)``.
  package static func isCompiled(at path: String) throws(TokenizerError) -> Bool {
    do throws(FileError) {
      let file = try InputFile(path: path)
      let sample = try file.read(at: 0, count: min(file.size, 8))
      return sample.isEmpty || CompiledFile.isLikely(sample)
    } catch {
      throw .file(error)
    }
  }
}

/// Finds out what a path leads to.
struct TokenizerFile {
  var format: TokenizerFormat
  var path: String

  /// What is looked for in a folder, in this order.
  fileprivate static let names: [(String, TokenizerFormat)] = [
    ("tokenizer.json", .huggingFace), (CompiledFile.name, .compiled), ("tekken.json", .tekken),
    ("tokenizer.model", .sentencePiece), (VocabularyFiles.vocabularyName, .vocabularyAndMerges),
    ("tokenizer.tiktoken", .tiktoken),
  ]

  /// How many bytes at the beginning of a file are looked at.
  private static let sampleSize = 1 << 12

  /// Finds the tokenizer in a folder, or recognizes a file by its content.
  ///
  /// - Throws: ``TokenizerError/notATokenizer(path:found:)`` and ``TokenizerError/file(_:)``.
  init(at path: String) throws(TokenizerError) {
    var file = path
    if Path.isDirectory(path) {
      guard let name = Self.names.lazy.map(\.0).first(where: { Path.exists(Path.join(path, $0)) })
      else {
        throw .notATokenizer(
          path: path,
          found: "a folder without " + Self.names.map(\.0).joined(separator: ", "))
      }
      file = Path.join(path, name)
    }
    self.path = file
    format = try Self.format(of: file)
  }

  private static func format(of path: String) throws(TokenizerError) -> TokenizerFormat {
    let name = Path.lastComponent(of: path)
    if name == VocabularyFiles.mergesName { return .vocabularyAndMerges }
    if name.hasSuffix(".tiktoken") { return .tiktoken }
    let sample: [UInt8]
    do throws(FileError) {
      let file = try InputFile(path: path)
      sample = try file.read(at: 0, count: min(file.size, sampleSize))
    } catch {
      throw .file(error)
    }
    if CompressionFormat(magicOf: sample) != nil {
      throw .notATokenizer(path: path, found: "a compressed file, which has to be unpacked")
    }
    if CompiledFile.isLikely(sample) { return .compiled }
    if sample.first(where: { $0 > UInt8(ascii: " ") }) == UInt8(ascii: "{") {
      if name == VocabularyFiles.vocabularyName { return .vocabularyAndMerges }
      return isTekken(sample, name) ? .tekken : .huggingFace
    }
    if RankFile.isLikely(sample) { return .tiktoken }
    if sample.first == SentencePieceModel.firstByte || name.hasSuffix(".model") {
      return .sentencePiece
    }
    throw .notATokenizer(
      path: path, found: sample.isEmpty ? "an empty file" : "a file of no known kind")
  }

  /// The file, and those beside it that are read with it.
  fileprivate var sources: [String] {
    let folder = Path.directory(of: path)
    let beside: [String]
    switch format {
    case .huggingFace: beside = [VocabularyFiles.configurationName]
    case .vocabularyAndMerges: beside = VocabularyFiles.names
    case .tiktoken: return [path, EncodingFile.path(beside: path)].filter(Path.exists)
    case .sentencePiece, .tekken, .compiled: beside = []
    }
    let others = beside.map { Path.join(folder, $0) }.filter { $0 != path && Path.exists($0) }
    return [path] + others
  }

  /// Whether the first member of a JSON file is one of tekken.json.
  private static func isTekken(_ sample: [UInt8], _ name: String) -> Bool {
    var reader = JSONReader(sample)
    guard (try? reader.beginObject()) != nil, let key = try? reader.nextKey() else { return false }
    if reader.matches(key, "vocab") || reader.matches(key, "special_tokens") {
      return (try? reader.peek()) == .array
    }
    return reader.matches(key, "config")
  }
}
