import TesseraTestSupport

/// The content of the files of a folder whose names begin with a prefix, by their names without it.
func content(
  _ prefix: String, of folder: borrowing TemporaryDirectory
) throws -> [String: [UInt8]] {
  var content: [String: [UInt8]] = [:]
  for name in try folder.listing() where name.hasPrefix(prefix) {
    content[String(name.dropFirst(prefix.count))] = try folder.read(name)
  }
  return content
}
