import TesseraTraining

/// The folder of shards that the paths of a corpus name; nil if they are text.
///
/// - Parameters:
///   - paths: The corpus of the command line.
///   - documents: How text is cut into documents, which shards are already.
///   - heldOut: The share to hold out, where it was given.
/// - Throws: ``UsageError`` where shards stand next to others, or options go with text alone.
func shardFolder(
  in paths: [String], _ documents: DocumentOptions, heldOut: Double?
) throws -> String? {
  guard let folder = paths.first(where: ShardSet.isFolder) else { return nil }
  if paths.count > 1 {
    throw UsageError("the folder of shards \(folder) must be the only --corpus")
  }
  if let option = documents.givenOption ?? (heldOut == nil ? nil : "--held-out") {
    throw UsageError(
      "\(folder) has shards, whose documents and held-out part are as `tessera shard` made them; "
        + "leave out \(option)")
  }
  return folder
}
