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
  static let recordSizeLimit = 16 << 20
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
        _ parameters: [Float], _ optimizer: OptimizerState, _ averages: AverageState, prefix: String
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
        for (name, values) in averages.vectors {
          try write(prefix + Self.averagePrefix + name + ".f32", values)
        }
      }
      try write(state.parameters, state.optimizer, state.averages, prefix: "")
      if let snapshot = state.snapshot {
        try write(
          snapshot.parameters, snapshot.optimizer, snapshot.averages, prefix: Self.snapshotPrefix)
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
      switch load(folder, step: step, extent: .all) {
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
    plan["optimizer"].map(OptimizerOptions.title)
  }
}
