import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder for one test, removed with all that is in it when the value ends.
///
///     let directory = try TemporaryDirectory()
///     try directory.write("a.txt", "text")
///     let corpus = try Corpus(paths: [directory.file("a.txt")])
public struct TemporaryDirectory: ~Copyable, Sendable {
  /// The folder's path.
  public let path: String

  /// Makes an empty folder in the system's place for temporary files.
  public init() throws {
    // SAFETY: the C library returns a string that ends with zero, or nothing; it is copied at once.
    let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array(Path.join(base, "tessera-test-XXXXXX").utf8CString)
    // SAFETY: the template ends with zero and six X, which the call replaces in place.
    guard unsafe mkdtemp(&template) != nil else {
      throw FileError.cannotCreate(path: base, errno: errno)
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { removeTree(path) }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { Path.join(path, name) }

  /// Writes a file; the folders in `name` are made. Returns its path.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = file(name)
    // Without the care for power failures that `writeFile` takes, which tests would wait for.
    try createDirectory(Path.directory(of: path), durably: false)
    guard let file = unsafe fopen(path, "w") else {
      throw FileError.cannotCreate(path: path, errno: errno)
    }
    // SAFETY: the array has as many bytes, and the file is open until here.
    let count = unsafe fwrite(bytes, 1, bytes.count, file)
    guard unsafe fclose(file) == 0, count == bytes.count else {
      throw FileError.writeFailed(path: path, offset: count, errno: errno)
    }
    return path
  }

  /// Writes a file of text; the folders in `name` are made. Returns its path.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  /// The content of a file in the folder.
  public func read(_ name: String) throws -> [UInt8] {
    try readFile(file(name), limit: 1 << 30)
  }

  /// The paths of all files in the folder, hidden ones too, relative to it and sorted.
  public func listing() throws -> [String] {
    try listFiles(under: path).compactMap { Path.relative($0, to: path) }
  }
}
