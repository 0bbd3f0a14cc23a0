import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// The names of the tokens of an encoder's tokenizer.
let encoderTokenNames = ["<s>", "</s>", "<pad>", "<mask>"]

/// A tokenizer of Latin documents with the tokens of an encoder.
func encoderTokenizer() throws -> Tokenizer {
  try latinTokenizer(specialTokens: encoderTokenNames)
}

/// An encoder small enough for hundreds of steps in a debug build.
func tinyEncoder(vocabularySize: Int, seed: UInt64 = 1) -> Transformer {
  Transformer(
    configuration: .bert(
      vocabularySize: vocabularySize, width: 16, layerCount: 2, headCount: 2, feedForwardWidth: 32,
      contextLength: 32),
    seed: seed)
}

/// How the tokenizer's encoders are trained.
func maskedTraining(
  unit: MaskingUnit = .token, probability: Double = 0.15, pairSeparatorCount: Int = 1,
  segmentCount: Int = 1
) throws -> MaskedTraining {
  var options = MaskingOptions()
  options.unit = unit
  options.probability = probability
  let tokenizer = try encoderTokenizer()
  var configuration = tinyEncoder(vocabularySize: tokenizer.vocabularySize).configuration
  configuration.segmentCount = segmentCount
  if pairSeparatorCount == 2 { configuration.family = .roberta }
  return MaskedTraining(
    options: options, tokens: try EncoderTokens(tokenizer, name: "test"),
    configuration: configuration)
}
