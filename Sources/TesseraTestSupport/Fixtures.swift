import TesseraBasics

/// The path of a file or folder in `Tests/Fixtures`.
///
/// Tests find fixtures beside the sources that they were built from.
public func fixturePath(_ name: String) -> String {
  let root = Path.directory(of: Path.directory(of: Path.directory(of: #filePath)))
  return Path.join(root, "Tests/Fixtures/" + name)
}
