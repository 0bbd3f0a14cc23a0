import TesseraBasics
import TesseraTensors

extension StateStore {
  /// What of a state is read.
  enum Extent {
    /// All, to go on in the same run.
    case all
    /// Weights and what the optimizer remembers, to begin another run with.
    case beginning
  }

  /// What the names of files begin with that belong to the step to go back to.
  static let snapshotPrefix = "snapshot-"
  /// What the names of files with means of the weights begin with.
  static let averagePrefix = "average-"

  /// Reads one state and checks every byte that is read of it.
  ///
  /// Each file goes straight into the array that it becomes, so that nothing is in memory twice.
  func load(
    _ folder: String, step: Int, extent: Extent
  ) -> Result<(state: RunState, identity: RunIdentity), StateFault> {
    do throws(StateFault) {
      return .success(try readState(folder, step: step, extent: extent))
    } catch {
      return .failure(error)
    }
  }

  /// What a state says of itself, without its arrays, and the hash of its manifest.
  ///
  /// - Throws: ``TrainingRunError/noValidState(path:faults:)``.
  func header(ofStep step: Int) throws(TrainingRunError) -> (header: RunState.Header, hash: String)
  {
    let folder = folder(ofStep: step)
    func error(_ reason: String) -> TrainingRunError {
      .noValidState(path: path, faults: [StateFault(path: folder, reason: reason)])
    }
    do {
      let manifest = try readFile(folder + "/MANIFEST.json", limit: Self.recordSizeLimit)
      let text = try readFile(folder + "/" + Self.recordName, limit: Self.recordSizeLimit)
      let record = try JSONValue(parsing: text)
      guard let header = RunState.header(of: record), header.step == step else {
        throw error("state.json is of another version, or has a missing or wrong field")
      }
      return (header, SHA256.hexDigest(of: manifest))
    } catch {
      throw (error as? TrainingRunError)
        ?? .noValidState(
          path: path, faults: [StateFault(path: folder, reason: "\(error)")])
    }
  }

  private func readState(
    _ folder: String, step: Int, extent: Extent
  ) throws(StateFault) -> (state: RunState, identity: RunIdentity) {
    func fault(_ reason: String) -> StateFault { StateFault(path: folder, reason: reason) }
    let manifest: [(name: String, entry: JSONValue)]
    do {
      let text = try readFile(folder + "/MANIFEST.json", limit: Self.recordSizeLimit)
      guard let entries = try JSONValue(parsing: text).object else {
        throw fault("MANIFEST.json is not an object")
      }
      manifest = entries.members.map { ($0.key, $0.value) }
    } catch {
      throw (error as? StateFault) ?? fault("\(error)")
    }
    var record: JSONValue?
    var files: [String: OptimizerMemory.Values] = [:]
    for (name, entry) in manifest {
      guard name == Self.recordName || Self.isArray(name), let size = entry["size"]?.int, size >= 0,
        let hash = entry["sha256"]?.string
      else { throw fault("MANIFEST.json has a wrong entry \"\(name)\"") }
      if extent == .beginning, Self.isLeftOut(name) { continue }
      do {
        let file = try InputFile(path: folder + "/" + name)
        guard file.size == size else {
          throw fault("\(name) has \(file.size) bytes, and the manifest says \(size)")
        }
        var digest = SHA256()
        var text: [UInt8] = []
        if name == Self.recordName {
          text = try file.read(at: 0, count: size)
          digest.update(text)
        } else {
          guard let values = try Self.values(of: file, name: name, digest: &digest) else {
            throw fault("\(name) has \(size) bytes, which are no whole numbers")
          }
          files[name] = values
        }
        guard SHA256.hexadecimal(digest.finalize()) == hash else {
          throw fault("\(name) does not have the hash that the manifest says")
        }
        if name == Self.recordName { record = try JSONValue(parsing: text) }
      } catch {
        throw (error as? StateFault) ?? fault("\(error)")
      }
    }
    return try assemble(&files, record: record, step: step, extent: extent, fault: fault)
  }

  /// Puts a state together out of the arrays of its files.
  private func assemble(
    _ files: inout [String: OptimizerMemory.Values], record: JSONValue?, step: Int, extent: Extent,
    fault: (String) -> StateFault
  ) throws(StateFault) -> (state: RunState, identity: RunIdentity) {
    let weights = files.removeValue(forKey: Self.weightsName)?.floats
    guard let weights, files["updates.u32"] != nil, let record else {
      throw fault("MANIFEST.json lacks a file")
    }
    if let version = record["version"]?.int, version != RunState.formatVersion {
      throw fault("its format has version \(version), and not \(RunState.formatVersion)")
    }
    guard let header = RunState.header(of: record), header.step == step
    else { throw fault("state.json has a missing or wrong field") }
    let best = files.removeValue(forKey: Self.bestName)?.floats
    let snapshotWeights = files.removeValue(forKey: Self.snapshotPrefix + Self.weightsName)?.floats
    let snapshotFiles = Self.take(prefix: Self.snapshotPrefix, from: &files)
    if extent == .all {
      guard (header.bestStep != nil) == (best != nil) else {
        throw fault("state.json and best.f32 do not belong together")
      }
      guard (header.snapshotStep != nil) == (snapshotWeights != nil),
        snapshotWeights != nil || snapshotFiles.isEmpty
      else { throw fault("state.json and the snapshot do not belong together") }
    }
    guard
      let own = Self.memories(
        files, averageUpdates: extent == .all ? header.averageUpdates : 0)
    else { throw fault("its means of weights do not belong together") }
    var snapshot: RunSnapshot?
    if let snapshotStep = header.snapshotStep, let snapshotWeights {
      guard
        let memories = Self.memories(snapshotFiles, averageUpdates: header.snapshotAverageUpdates)
      else { throw fault("the snapshot's means of weights do not belong together") }
      snapshot = RunSnapshot(
        step: snapshotStep, parameters: snapshotWeights, optimizer: memories.optimizer,
        averages: memories.averages)
    }
    let ownWeights =
      [best, snapshotWeights].compactMap { $0 } + own.averages.vectors.map(\.values)
      + (snapshot?.averages.vectors.map(\.values) ?? [])
    guard ownWeights.allSatisfy({ $0.count == weights.count }) else {
      throw fault("the arrays differ in length")
    }
    let state = RunState(
      step: step, parameters: weights, optimizer: own.optimizer, averages: own.averages,
      guarding: header.guarding, snapshot: snapshot, evaluations: header.evaluations, best: best,
      bestStep: header.bestStep, bestWeights: header.bestWeights, kernels: header.kernels,
      seconds: header.seconds)
    return (state, header.identity)
  }
}

extension StateStore {
  /// Names of files that are not an optimizer's.
  private static let (weightsName, bestName, recordName) = ("weights.f32", "best.f32", "state.json")
  /// What the name of the update counts begins with.
  private static let updatesName = "updates"

  /// The file of what an optimizer remembers.
  static func fileName(of memory: OptimizerMemory) -> String {
    memory.name + "." + memory.values.fileExtension
  }

  /// Whether a file may be an array: lower-case letters, digits and dashes, a point, and a type.
  private static func isArray(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty
      && parts[0].utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
      && ["f32", "bf16", "u8", "u32"].contains(parts[1])
  }

  /// Whether another run that begins with a state has no use for a file of it.
  private static func isLeftOut(_ name: String) -> Bool {
    name == bestName || name.hasPrefix(snapshotPrefix) || name.hasPrefix(averagePrefix)
  }

  /// Takes out the files whose names begin with a prefix, which they lose.
  private static func take(
    prefix: String, from files: inout [String: OptimizerMemory.Values]
  ) -> [String: OptimizerMemory.Values] {
    var taken: [String: OptimizerMemory.Values] = [:]
    for name in files.keys.filter({ $0.hasPrefix(prefix) }) {
      taken[String(name.dropFirst(prefix.count))] = files.removeValue(forKey: name)
    }
    return taken
  }

  /// What an optimizer remembers and means of weights, out of files; nil if the means do not belong
  /// together.
  private static func memories(
    _ files: [String: OptimizerMemory.Values], averageUpdates: Int
  ) -> (optimizer: OptimizerState, averages: AverageState)? {
    var files = files
    var vectors: [String: [Float]] = [:]
    for (name, values) in take(prefix: averagePrefix, from: &files) {
      guard name.hasSuffix(".f32") else { return nil }
      vectors[String(name.dropLast(".f32".count))] = values.floats
    }
    guard let averages = AverageState(updateCount: averageUpdates, vectors: vectors) else {
      return nil
    }
    var state = OptimizerState(updateCounts: [], memories: [])
    for (name, values) in files.sorted(by: { $0.key < $1.key }) {
      let memory = OptimizerMemory(
        name: String(name.prefix { $0 != "." }), values: values)
      if memory.name == updatesName {
        state.updateCounts = values.counts
      } else {
        state.memories.append(memory)
      }
    }
    return (state, averages)
  }

  /// The numbers of a file, by the type in its name, and their bytes for a hash; nil if they are not whole.
  private static func values(
    of file: InputFile, name: String, digest: inout SHA256
  ) throws(FileError) -> OptimizerMemory.Values? {
    switch name.split(separator: ".").last {
    case "f32": try array(of: file, &digest).map { .floats($0) }
    case "u32": try array(of: file, &digest).map { .counts($0) }
    case "bf16": try array(of: file, &digest).map { .brainFloats($0) }
    case "u8": try array(of: file, &digest).map { .bytes($0) }
    default: nil
    }
  }

  /// A file as an array; nil if it does not hold whole elements.
  private static func array<Element: BitwiseCopyable>(
    of file: InputFile, _ digest: inout SHA256
  ) throws(FileError) -> [Element]? {
    guard file.size % MemoryLayout<Element>.size == 0 else { return nil }
    let count = file.size / MemoryLayout<Element>.size
    var failure: FileError?
    // SAFETY: the buffer is the array's own storage, used inside the closure alone. Elements are floats
    // and integers: they have no padding, all bits are valid, and every platform that we build for
    // stores them with the low byte first. The file fills the buffer, or the array stays empty.
    let values = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(FileError) {
        let bytes = unsafe UnsafeMutableRawBufferPointer(
          start: buffer.baseAddress, count: file.size)
        try unsafe file.read(into: bytes, at: 0)
        unsafe digest.update(UnsafeRawBufferPointer(bytes))
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }
}
