import TesseraBasics
import TesseraModels

extension TrainingData {
  /// A hash of everything that decides the batches, for resuming: tokens, mixture, sizes, packing,
  /// prefixes, seed.
  public var fingerprint: String {
    var hash = SHA256()
    var numbers = [sequenceLength, batchSequenceCount, Int(truncatingIfNeeded: seed)]
    for stage in stages {
      numbers.append(stage.firstStep)
      numbers += stage.mixture.counts(ofFirst: 1 << 20)
    }
    // What is as it always was adds nothing, so that the states of earlier runs stay valid.
    let hasPrefixes = sources.contains { !$0.prefixes.isEmpty }
    if packing != .concatenate || masksDocuments || hasPrefixes {
      hash.update(Array("\(packing.rawValue) \(masksDocuments)".utf8))
      for source in sources { numbers += source.prefixes.fingerprint }
      for stage in stages {
        numbers.append(Int(bitPattern: UInt(stage.prefixShare.bitPattern)))
      }
    }
    hash.update(numbers.littleEndianBytes)
    for source in sources {
      hash.update(Array(source.name.utf8))
      hash.update(source.documents.ends.littleEndianBytes)
      source.documents.tokens.update(&hash)
      if masked == nil { continue }
      hash.update((source.secondStarts ?? []).littleEndianBytes)
      hash.update((source.beginsUnit ?? []).map { $0 ? 1 : 0 })
    }
    if let masked { hash.update(masked.record.serialized(pretty: false)) }
    return SHA256.hexadecimal(hash.finalize())
  }
}

extension ParameterLayout {
  /// The names and shapes of the tensors, for resuming.
  var record: JSONValue {
    .object(
      JSONObject(
        members: tensors.map { tensor in (tensor.name, .array(tensor.shape.map { .init($0) })) }))
  }
}
