import TesseraBasics
import TesseraTensors

/// The folder of a run's states: written whole or not at all, the newest whole one is continued.
struct StateStore: Sendable {
  /// The folder that holds one folder for each state.
  let path: String
  /// How many states are kept.
  let keptCount: Int
  /// What removes a folder; tests have others.
  private let remove: @Sendable (String) throws(FileError) -> Void

  /// The largest manifest or record that is read, in bytes.
  private static let recordSizeLimit = 16 << 20
  private static let prefix = "step-"

  /// Names a store; nothing is made before the first ``save(_:identity:)``.
  init(
    path: String, keptCount: Int = 2,
    remove: @escaping @Sendable (String) throws(FileError) -> Void = TesseraBasics.remove
  ) {
    self.path = path
    self.keptCount = keptCount
    self.remove = remove
  }

  /// Writes a state, then removes all but the newest ones.
  ///
  /// - Returns: Why older states could not be removed. They do no harm but take room.
  func save(
    _ state: RunState, identity: RunIdentity
  ) throws(TrainingRunError) -> [FileError] {
    do throws(FileError) {
      try createDirectory(path)
      let output = try OutputDirectory(path: folder(ofStep: state.step), replacing: .always)
      let staging = output.stagingPath
      var manifest = JSONObject()
      func write(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var hash = SHA256()
        unsafe hash.update(bytes)
        var file = try AtomicFile(path: staging + "/" + name)
        try unsafe file.write(bytes)
        try file.commit()
        manifest[name] = .object([
          "size": .init(bytes.count), "sha256": .string(SHA256.hexadecimal(hash.finalize())),
        ])
      }
      func write<Element: BitwiseCopyable>(
        _ name: String, _ values: [Element]
      ) throws(FileError) {
        // SAFETY: the pointer is read inside the closure alone; floats and integers have no
        // padding, and every platform that we build for stores them with the low byte first.
        try unsafe values.span.withUnsafeBytes { bytes throws(FileError) -> Void in
          try unsafe write(name, bytes)
        }
      }
      func write(
        _ parameters: [Float], _ optimizer: OptimizerState, prefix: String
      ) throws(FileError) {
        try write(prefix + "weights.f32", parameters)
        try write(prefix + "updates.u32", optimizer.updateCounts)
        for memory in optimizer.memories {
          let name = prefix + Self.fileName(of: memory)
          switch memory.values {
          case .floats(let values): try write(name, values)
          case .brainFloats(let values): try write(name, values)
          case .bytes(let values): try write(name, values)
          case .counts(let values): try write(name, values)
          }
        }
      }
      try write(state.parameters, state.optimizer, prefix: "")
      if let snapshot = state.snapshot {
        try write(snapshot.parameters, snapshot.optimizer, prefix: Self.snapshotPrefix)
      }
      if let best = state.best { try write("best.f32", best) }
      try write("state.json", state.record(identity: identity).serialized(pretty: true))
      try writeFile(
        staging + "/MANIFEST.json", JSONValue.object(manifest).serialized(pretty: true))
      try output.commit()
    } catch {
      throw .file(error)
    }
    return prune()
  }

  /// The newest whole state, and what was passed over on the way to it.
  ///
  /// - Returns: nil if there is no state at all.
  /// - Throws: ``TrainingRunError/noValidState(path:faults:)``, or
  ///   ``TrainingRunError/stateMismatch(path:part:)`` if the newest whole one belongs to another run.
  func loadNewest(
    identity: RunIdentity
  ) throws(TrainingRunError) -> (state: RunState, faults: [StateFault])? {
    var faults: [StateFault] = []
    for step in steps().reversed() {
      let folder = folder(ofStep: step)
      switch load(folder, step: step) {
      case .failure(let fault): faults.append(fault)
      case .success(let (state, found)):
        if let part = found.firstDifference(from: identity) {
          throw .stateMismatch(path: folder, part: part)
        }
        return (state, faults)
      }
    }
    if faults.isEmpty { return nil }
    throw .noValidState(path: path, faults: faults)
  }

  /// Removes every state: one that was left would be taken for one of the new run.
  func removeAll() throws(TrainingRunError) {
    do throws(FileError) {
      for step in steps() { try remove(folder(ofStep: step)) }
    } catch {
      throw .file(error)
    }
  }

  /// The steps of which there is a folder, in rising order.
  func steps() -> [Int] {
    let names = (try? directoryEntries(path)) ?? []
    return names.compactMap { name in
      name.hasPrefix(Self.prefix) ? Int(name.dropFirst(Self.prefix.count)) : nil
    }.sorted()
  }

  /// The folder of a state.
  func folder(ofStep step: Int) -> String {
    let digits = String(step)
    return path + "/" + Self.prefix + String(repeating: "0", count: max(0, 8 - digits.count))
      + digits
  }

  /// Removes all but the newest states, as far as it can.
  private func prune() -> [FileError] {
    var failures: [FileError] = []
    for step in steps().dropLast(keptCount) {
      do throws(FileError) { try remove(folder(ofStep: step)) } catch { failures.append(error) }
    }
    return failures
  }

  /// Reads one state and checks every byte of it.
  private func load(
    _ folder: String, step: Int
  ) -> Result<(state: RunState, identity: RunIdentity), StateFault> {
    func fault(_ reason: String) -> Result<(state: RunState, identity: RunIdentity), StateFault> {
      .failure(StateFault(path: folder, reason: reason))
    }
    do {
      let text = try readFile(folder + "/MANIFEST.json", limit: Self.recordSizeLimit)
      let manifest = try JSONValue(parsing: text)
      guard let entries = manifest.object else { return fault("MANIFEST.json is not an object") }
      var files: [String: [UInt8]] = [:]
      for (name, entry) in entries.members {
        guard Self.fileNames.contains(name) || Self.isMemory(name), let size = entry["size"]?.int,
          size >= 0,
          let hash = entry["sha256"]?.string
        else { return fault("MANIFEST.json has a wrong entry \"\(name)\"") }
        let file = try InputFile(path: folder + "/" + name)
        guard file.size == size else {
          return fault("\(name) has \(file.size) bytes, and the manifest says \(size)")
        }
        let bytes = try file.read(at: 0, count: size)
        guard SHA256.hexDigest(of: bytes) == hash else {
          return fault("\(name) does not have the hash that the manifest says")
        }
        files[name] = bytes
      }
      guard let weights = files["weights.f32"], files["updates.u32"] != nil,
        let text = files["state.json"]
      else { return fault("MANIFEST.json lacks a file") }
      let record = try JSONValue(parsing: text)
      if let version = record["version"]?.int, version != RunState.formatVersion {
        return fault("its format has version \(version), and not \(RunState.formatVersion)")
      }
      guard let header = RunState.header(of: record), header.step == step
      else { return fault("state.json has a missing or wrong field") }
      guard (header.bestStep != nil) == (files["best.f32"] != nil) else {
        return fault("state.json and best.f32 do not belong together")
      }
      let ownWeights = [weights, files["best.f32"], files[Self.snapshotPrefix + "weights.f32"]]
      guard weights.count % 4 == 0,
        ownWeights.allSatisfy({ $0.map { $0.count == weights.count } ?? true })
      else { return fault("the arrays differ in length") }
      var memories: [String: OptimizerMemory] = [:]
      for (name, bytes) in files.sorted(by: { $0.key < $1.key }) where Self.isMemory(name) {
        guard let memory = Self.memory(name, bytes) else {
          return fault("\(name) has \(bytes.count) bytes, which are no whole numbers")
        }
        memories[name] = memory
      }
      let prefix = Self.snapshotPrefix
      let snapshot = header.snapshotStep.flatMap { step in
        files[prefix + "weights.f32"].map {
          RunSnapshot(
            step: step, parameters: Self.floats($0),
            optimizer: Self.optimizerState(memories, isSnapshot: true))
        }
      }
      guard (header.snapshotStep != nil) == files.keys.contains(where: { $0.hasPrefix(prefix) }),
        (header.snapshotStep != nil) == (snapshot != nil)
      else { return fault("state.json and the snapshot do not belong together") }
      let state = RunState(
        step: step, parameters: Self.floats(weights),
        optimizer: Self.optimizerState(memories, isSnapshot: false),
        guarding: header.guarding, snapshot: snapshot, evaluations: header.evaluations,
        best: files["best.f32"].map(Self.floats), bestStep: header.bestStep,
        kernels: header.kernels, seconds: header.seconds)
      return .success((state, header.identity))
    } catch {
      return fault("\(error)")
    }
  }

  /// The files that a manifest may name, beside those of optimizers.
  private static let fileNames: Set<String> = [
    "weights.f32", "best.f32", "snapshot-weights.f32", "state.json",
  ]
  /// What the names of files begin with that belong to the step to go back to.
  private static let snapshotPrefix = "snapshot-"
  /// What the name of the update counts begins with.
  private static let updatesName = "updates"

  /// The numbers of a file.
  private static func integers(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { UInt32(littleEndianBytes: bytes[$0..<$0 + 4]) }
  }

  private static func floats(_ bytes: [UInt8]) -> [Float] { ElementType.f32.floats(from: bytes) }
}

extension StateStore {
  /// The file of what an optimizer remembers.
  private static func fileName(of memory: OptimizerMemory) -> String {
    memory.name + "." + memory.values.fileExtension
  }

  /// Whether a file may be one of an optimizer's: lower-case letters and dashes, a point, and a type.
  private static func isMemory(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && !fileNames.contains(name) && !parts[0].isEmpty
      && parts[0].utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-")
      }
      && ["f32", "bf16", "u8", "u32"].contains(parts[1])
  }

  /// What an optimizer remembers, out of files: those of a snapshot, or the others.
  private static func optimizerState(
    _ memories: [String: OptimizerMemory], isSnapshot: Bool
  ) -> OptimizerState {
    var state = OptimizerState(updateCounts: [], memories: [])
    for (_, memory) in memories.sorted(by: { $0.key < $1.key })
    where memory.name.hasPrefix(snapshotPrefix) == isSnapshot {
      var memory = memory
      if isSnapshot { memory.name.removeFirst(snapshotPrefix.count) }
      if memory.name == updatesName {
        state.updateCounts = memory.values.counts
      } else {
        state.memories.append(memory)
      }
    }
    return state
  }

  /// The memory in a file; nil if its numbers are not whole.
  private static func memory(_ fileName: String, _ bytes: [UInt8]) -> OptimizerMemory? {
    let parts = fileName.split(separator: ".")
    let values: OptimizerMemory.Values
    switch parts[1] {
    case "f32" where bytes.count % 4 == 0: values = .floats(floats(bytes))
    case "u32" where bytes.count % 4 == 0: values = .counts(integers(bytes))
    case "bf16" where bytes.count % 2 == 0:
      values = .brainFloats(
        stride(from: 0, to: bytes.count, by: 2).map {
          UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
        })
    case "u8": values = .bytes(bytes)
    default: return nil
    }
    return OptimizerMemory(name: String(parts[0]), values: values)
  }
}

extension RunIdentity {
  /// The first part in which two runs differ, as an error calls it.
  func firstDifference(from other: RunIdentity) -> String? {
    if model != other.model { return "model" }
    if data != other.data { return "corpus, mixture, batch size or seed" }
    if let optimizer, let otherOptimizer = other.optimizer, optimizer != otherOptimizer {
      return "optimizer (\(optimizer))"
    }
    if plan != other.plan { return "plan (steps, learning rate, stages or evaluation)" }
    if selection != other.selection { return "selection (what may be forgotten)" }
    return nil
  }

  /// What steps are made with, as an error calls it.
  private var optimizer: String? {
    guard let method = plan["optimizer"]?["method"]?.string else { return nil }
    return method + (plan["optimizer"]?["moments"]?.string.map { " with moments in \($0)" } ?? "")
  }
}
