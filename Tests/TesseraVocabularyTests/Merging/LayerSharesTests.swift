import Testing

@testable import TesseraVocabulary

@Suite struct LayerSharesTests {
  @Test(
    arguments: [
      ("0:0.3,1:0.5,-2:0.5,-1:0.3", [0.3, 0.5, 1, 1, 0.5, 0.3]),
      ("elchat", [0.3, 0.5, 1, 1, 0.5, 0.3]),
      ("1-3:0.25", [1, 0.25, 0.25, 0.25, 1, 1]),
      ("-3--1:0,*:0.5", [0.5, 0.5, 0.5, 0, 0, 0]),
      ("2:0.5,-4:0.5,*:0", [0, 0, 0.5, 0, 0, 0]),
    ] as [(String, [Double])])
  func `a list says the share of each layer`(text: String, expected: [Double]) throws {
    #expect(try LayerShares(parsing: text).shares(layerCount: 6) == expected)
  }

  @Test(arguments: [
    "", "1", "1:", ":1", "1:2", "1:-0.1", "1:nan", "a:0.5", "1-:0.5", "--1:0.5", "1:0.5,",
    "*:0.5,*:0.5", "1:0.5:0.5", "1-2-3:0.5",
  ])
  func `what is no list is refused`(text: String) {
    #expect(throws: MergeError.self) { try LayerShares(parsing: text) }
  }

  @Test func `layers have to be there, once`() throws {
    func shares(_ text: String) throws -> [Double] {
      try LayerShares(parsing: text).shares(layerCount: 4)
    }
    #expect(throws: MergeError.noSuchLayer(4, layerCount: 4)) { try shares("4:0.5") }
    #expect(throws: MergeError.noSuchLayer(-5, layerCount: 4)) { try shares("-5:0.5") }
    #expect(throws: MergeError.layerGivenTwice(3, first: 0.5, second: 0.25)) {
      try shares("3:0.5,-1:0.25")
    }
    #expect(throws: MergeError.malformedLayers("3-1:0.5")) { try shares("3-1:0.5") }
    #expect(LayerShares(0.25) == LayerShares(0.25) && LayerShares(0.25) != .elChat)
  }
}
