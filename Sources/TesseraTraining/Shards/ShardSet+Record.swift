public import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

extension ShardSet {
  /// What the first member of a record says.
  private static let recordFormat = "tessera-shards-1"
  /// The largest record that is read.
  private static let recordLimit = 1 << 28

  /// The set as a JSON object.
  public var record: JSONValue {
    var root: JSONObject = [
      "format": .string(Self.recordFormat),
      "layout": .string(layout.format.rawValue),
      "bytes_per_token": .init(layout.bytesPerToken),
      "end_of_text": .init(endOfText),
      "end_of_text_placement": .string(layout.endOfTextPlacement.rawValue),
      "vocabulary_size": .init(vocabularySize),
      "vocabulary_sha256": .string(vocabularySHA256),
      "corpus_sha256": .string(corpusSHA256),
      "documents": .string(documents.rawValue),
      "text_field": .string(textField),
      "held_out": .init(heldOutShare),
    ]
    for part in ShardPart.allCases {
      root[part.rawValue] = [
        "documents": .init(documentCount(of: part)),
        "tokens": .init(tokenCount(of: part)),
        "bytes": .init(byteCount(of: part)),
        "shards": .array(shards(of: part).map(\.record)),
      ]
    }
    return .object(root)
  }

  /// Whether a folder has a record of shards.
  public static func isFolder(_ path: String) -> Bool {
    Path.exists(Path.join(path, recordName))
  }

  /// Reads the record in a folder.
  ///
  /// - Throws: ``ShardError/file(_:)``, ``ShardError/malformed(path:offset:expected:)``,
  ///   ``ShardError/disagrees(path:quantity:found:expected:)``.
  public init(folder: String) throws(ShardError) {
    let path = Path.join(folder, Self.recordName)
    let bytes: [UInt8]
    do {
      bytes = try readFile(path, limit: Self.recordLimit)
    } catch {
      throw .file(error)
    }
    func malformed(_ expected: String) -> ShardError {
      .malformed(path: path, offset: 0, expected: expected)
    }
    let root: JSONValue
    do {
      root = try JSONValue(parsing: bytes)
    } catch {
      throw malformed("JSON: \(error)")
    }
    guard root["format"]?.string == Self.recordFormat else {
      throw malformed("a record with the format \(Self.recordFormat)")
    }
    guard let format = root["layout"]?.string.flatMap(ShardFormat.init(rawValue:)),
      let width = root["bytes_per_token"]?.int, width == 2 || width == 4
    else { throw malformed("a layout that is known, and 2 or 4 bytes_per_token") }
    layout = ShardLayout(format: format, bytesPerToken: width)
    guard let size = root["vocabulary_size"]?.int, (1...1 << 31).contains(size),
      width == 4 || size <= ShardLayout.narrowLimit,
      let endOfText = root["end_of_text"]?.int, (0..<size).contains(endOfText)
    else {
      throw malformed(
        "a vocabulary_size that bytes_per_token has room for, and an end_of_text in it")
    }
    vocabularySize = size
    self.endOfText = TokenID(endOfText)
    guard let vocabulary = root["vocabulary_sha256"]?.string,
      let corpus = root["corpus_sha256"]?.string, let textField = root["text_field"]?.string,
      let documents = root["documents"]?.string.flatMap(DocumentBoundary.init(rawValue:)),
      let heldOut = root["held_out"]?.double, (0...1).contains(heldOut)
    else {
      throw malformed("vocabulary_sha256, corpus_sha256, documents, text_field and held_out")
    }
    vocabularySHA256 = vocabulary
    corpusSHA256 = corpus
    self.textField = textField
    self.documents = documents
    heldOutShare = heldOut
    shards = [:]
    for part in ShardPart.allCases {
      guard let list = root[part.rawValue]?["shards"]?.array else {
        throw malformed("the list of shards of \(part.rawValue)")
      }
      var found: [Shard] = []
      for value in list {
        guard let shard = Shard(value) else {
          throw malformed(
            "shards of \(part.rawValue), each with name, documents, tokens, bytes, and files in the "
              + "folder with name, size and sha256")
        }
        found.append(shard)
      }
      shards[part] = found
      for (quantity, sum) in [
        ("documents", documentCount(of: part)), ("tokens", tokenCount(of: part)),
        ("bytes", byteCount(of: part)),
      ] {
        guard let stated = root[part.rawValue]?[quantity]?.int else {
          throw malformed("the number of \(quantity) of \(part.rawValue)")
        }
        if stated != sum {
          throw .disagrees(
            path: path, quantity: "the number of \(quantity) of \(part.rawValue)", found: stated,
            expected: sum)
        }
      }
    }
  }
}

extension Shard {
  /// The largest number of anything that a record may state, so that sums stay numbers.
  private static let countLimit = 1 << 44

  /// The shard as a JSON object.
  fileprivate var record: JSONValue {
    [
      "name": .string(name),
      "documents": .init(documentCount),
      "tokens": .init(tokenCount),
      "bytes": .init(byteCount),
      "files": .array(
        files.map { file in
          [
            "name": .string(file.name), "size": .init(file.size), "sha256": .string(file.sha256),
          ]
        }),
    ]
  }

  /// The shard of a JSON object; nil if it is not one.
  fileprivate init?(_ value: JSONValue) {
    func count(_ key: String) -> Int? {
      value[key]?.int.flatMap { (0..<Self.countLimit).contains($0) ? $0 : nil }
    }
    guard let name = value["name"]?.string, Self.isInside(name),
      let documents = count("documents"), let tokens = count("tokens"), let bytes = count("bytes"),
      let list = value["files"]?.array
    else { return nil }
    self.name = name
    documentCount = documents
    tokenCount = tokens
    byteCount = bytes
    for value in list {
      guard let name = value["name"]?.string, Self.isInside(name),
        let size = value["size"]?.int, size >= 0, let hash = value["sha256"]?.string
      else { return nil }
      files.append(File(name: name, size: size, sha256: hash))
    }
  }

  /// Whether a path leads nowhere but into its folder.
  private static func isInside(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("/")
      && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
        !$0.isEmpty && $0 != "." && $0 != ".."
      }
  }
}
