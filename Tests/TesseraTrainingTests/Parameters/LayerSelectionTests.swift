import Testing

@testable import TesseraTraining

@Suite struct LayerSelectionTests {
  @Test(
    arguments: [
      ("0", [0]), ("-1", [11]), ("0-3", [0, 1, 2, 3]), ("0-1,-2--1", [0, 1, 10, 11]),
      ("3,3,2-3", [2, 3]), ("-12--12", [0]), ("9--1", [9, 10, 11]),
    ] as [(String, [Int])])
  func `numbers below zero count from the end`(text: String, layers: [Int]) throws {
    let selection = try #require(LayerSelection(parsing: text))
    #expect(try selection.layers(of: 12) == Set(layers))
  }

  @Test(arguments: ["", ",", "a", "1-", "-", "--1", "1--", "1-2-3", "0,", "9999999999", "١"])
  func `what is no list of ranges is refused`(text: String) {
    #expect(LayerSelection(parsing: text) == nil)
  }

  @Test(arguments: ["12", "-13", "3-2", "0-12", "-1-0"])
  func `layers that the model does not have are refused`(text: String) throws {
    let selection = try #require(LayerSelection(parsing: text))
    #expect(throws: ParameterSelectionError.noSuchLayers(text, layerCount: 12)) {
      try selection.layers(of: 12)
    }
  }

  @Test func `the layer is the first number in a name`() {
    #expect(LayerSelection.layer(ofTensor: "model.layers.17.mlp.0.weight") == 17)
    #expect(LayerSelection.layer(ofTensor: "transformer.h.0.ln_1.bias") == 0)
    #expect(LayerSelection.layer(ofTensor: "model.norm.weight") == nil)
  }
}
