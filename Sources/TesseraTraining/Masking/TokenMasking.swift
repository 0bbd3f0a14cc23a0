import TesseraBasics
import TesseraModels

/// Which tokens of which step are masked: a pure function of the seed, the step, and the position in the
/// batch, so that a run that is resumed masks as one that is not, whatever the number of threads.
struct TokenMasking: Hashable, Sendable {
  let options: MaskingOptions
  let tokens: EncoderTokens
  let seed: UInt64

  /// Masks a sequence in place.
  ///
  /// - Parameters:
  ///   - inputs: The tokens of a batch, in which those that are chosen are replaced.
  ///   - targets: Gets the tokens that are to be predicted; the others are left as they are.
  ///   - range: The sequence in both, without padding.
  ///   - beginsUnit: For each of its tokens, whether it begins what is masked together; nil where each does.
  ///   - step: The step.
  ///   - position: The place of the sequence's first token in the step's whole batch.
  func mask(
    _ inputs: inout [Int32], targets: inout [Int32], range: Range<Int>, beginsUnit: [Bool]?,
    step: Int, position: Int
  ) {
    // One generator for a step, and of it one for each position.
    let stepSeed = SplitMix64(seed: seed, stream: UInt64(step)).state
    var isChosen = false
    // A token behind one that is kept begins a unit, whatever it was in its document.
    var isFirst = true
    for index in range {
      let token = inputs[index]
      if tokens.isKept(token) {
        isFirst = true
        continue
      }
      let place = index - range.lowerBound
      var random = SplitMix64(seed: stepSeed, stream: UInt64(position + place))
      let draw = random.uniform()
      if isFirst || beginsUnit?[place] ?? true { isChosen = draw < options.probability }
      isFirst = false
      guard isChosen else { continue }
      targets[index] = token
      let kind = random.uniform()
      if kind < options.maskShare {
        inputs[index] = tokens.mask
      } else if kind < options.maskShare + options.replacementShare {
        inputs[index] = tokens.replacements[random.below(tokens.replacements.count)]
      }
    }
  }
}
