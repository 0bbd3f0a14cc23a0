import TesseraBasics
import TesseraModels

extension BatchReader {
  /// The sequences of a step's batch for an encoder.
  mutating func maskedBatch(
    step: Int, sequences: Range<Int>, _ masked: MaskedTraining
  ) -> TokenBatch {
    let length = data.sequenceLength
    let masking = TokenMasking(
      options: masked.options, tokens: masked.tokens, seed: data.seed)
    var batch = MaskedBatch(
      sequenceCount: sequences.count, length: length, padding: masked.tokens.padding)
    for sequence in sequences {
      let place = data.place(ofSequence: sequence, step: step)
      let layout = data.layouts[place.layout]
      let source = data.sources[layout.source]
      let row = sequence - sequences.lowerBound
      let beginsUnit: [Bool]
      if let starts = source.secondStarts {
        let pair = Int(pairOrder(layout: place.layout, pass: place.pass)[place.index])
        beginsUnit = batch.fill(
          row, pair: pair, secondStart: starts[pair], of: source, masked)
      } else {
        guard case .concatenated(let order) = order(layout: place.layout, pass: place.pass) else {
          preconditionFailure("documents of encoders follow each other")
        }
        beginsUnit = batch.fill(
          row,
          order.places(
            sequence: place.index, length: data.contentLength, of: layout.documents),
          of: source, masked)
      }
      let start = row * length
      masking.mask(
        &batch.inputs, targets: &batch.targets,
        range: start..<start + batch.places.lengths[row], beginsUnit: beginsUnit, step: step,
        position: sequence * length)
    }
    return batch.tokenBatch
  }
}

/// A batch that is being filled.
private struct MaskedBatch {
  let length: Int
  var inputs: [Int32]
  var targets: [Int32]
  var places: SequencePlaces

  init(sequenceCount: Int, length: Int, padding: Int32) {
    self.length = length
    inputs = [Int32](repeating: padding, count: sequenceCount * length)
    targets = [Int32](repeating: TokenBatch.noTarget, count: inputs.count)
    places = SequencePlaces(
      lengths: [Int](repeating: length, count: sequenceCount), sequenceLength: length)
  }

  /// The start token, text, and the separator.
  ///
  /// - Returns: For each token, whether it begins a unit.
  mutating func fill(
    _ row: Int, _ text: [Range<Int>], of source: TrainingSource, _ masked: MaskedTraining
  ) -> [Bool] {
    var writer = SequenceWriter(at: row * length)
    writer.append(masked.tokens.start, to: &inputs)
    for range in text { writer.append(range, of: source, to: &inputs) }
    writer.append(masked.tokens.separator, to: &inputs)
    return writer.beginsUnit
  }

  /// The start token, both sentences each with the separator behind it, and padding.
  ///
  /// - Returns: For each token, whether it begins a unit.
  mutating func fill(
    _ row: Int, pair: Int, secondStart: Int, of source: TrainingSource, _ masked: MaskedTraining
  ) -> [Bool] {
    let tokens = source.documents.range(of: pair)
    let counts = masked.lengths(
      first: secondStart, second: tokens.count - 1 - secondStart,
      room: length - masked.pairSurroundingCount)
    let start = row * length
    let second = tokens.lowerBound + secondStart
    var writer = SequenceWriter(at: start)
    writer.append(masked.tokens.start, to: &inputs)
    writer.append(
      tokens.lowerBound..<tokens.lowerBound + counts.first, of: source, to: &inputs)
    writer.append(masked.tokens.separator, to: &inputs)
    let boundary = writer.beginsUnit.count
    for _ in 1..<masked.pairSeparatorCount {
      writer.append(masked.tokens.separator, to: &inputs)
    }
    writer.append(second..<second + counts.second, of: source, to: &inputs)
    writer.append(masked.tokens.separator, to: &inputs)
    let count = writer.beginsUnit.count
    places.lengths[row] = count
    for place in boundary..<count {
      places.positions[start + place] = Int32(place - boundary)
      if masked.hasTwoSegments { places.segments[start + place] = 1 }
    }
    return writer.beginsUnit
  }

  var tokenBatch: TokenBatch {
    let count = places.lengths.count
    var batch = TokenBatch(
      sequenceCount: count, sequenceLength: length, inputs: inputs, targets: targets)
    // Without padding and second sentences, tokens stand where they always do.
    if places
      != SequencePlaces(lengths: [Int](repeating: length, count: count), sequenceLength: length)
    {
      batch.places = places
    }
    return batch
  }
}

/// Writes one sequence.
private struct SequenceWriter {
  private let start: Int
  /// For each token so far, whether it begins a unit.
  private(set) var beginsUnit: [Bool] = []

  init(at start: Int) { self.start = start }

  mutating func append(_ token: Int32, to inputs: inout [Int32]) {
    inputs[start + beginsUnit.count] = token
    beginsUnit.append(true)
  }

  mutating func append(_ range: Range<Int>, of source: TrainingSource, to inputs: inout [Int32]) {
    source.documents.tokens.copy(range, into: &inputs, at: start + beginsUnit.count)
    if let units = source.beginsUnit {
      beginsUnit += units[range]
    } else {
      beginsUnit += repeatElement(true, count: range.count)
    }
  }
}
