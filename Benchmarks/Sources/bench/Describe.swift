import ArgumentParser
import TesseraBasics
import TesseraTensors
import TesseraTokenizers

/// `bench describe`: what else belongs to a record, and the pattern as the peers spell it.
struct Describe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Print kernels, and the spellings of a pattern.")

  @Option(help: "The name of a pre-tokenizer pattern.")
  var pattern = PreTokenizerPattern.o200k

  func run() throws {
    guard let huggingFace = pattern.huggingFaceExpression,
      let tiktoken = pattern.tiktokenExpression
    else { throw ValidationError("the peers cannot do without a pattern") }
    printLine([
      "openblas_core": JSONValue(matrixProductCoreName()),
      "instruction_set": JSONValue(vectorInstructionSet()),
      "bf16_instruction_set": bfloat16InstructionSet().map { JSONValue($0) } ?? .null,
      "expressions": [
        "hugging_face": JSONValue(huggingFace), "tiktoken": JSONValue(tiktoken),
      ],
    ])
  }
}

extension PreTokenizerPattern: @retroactive ExpressibleByArgument {}
extension TieOrder: @retroactive ExpressibleByArgument {}
