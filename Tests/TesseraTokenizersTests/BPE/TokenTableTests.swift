import TesseraBasics
import TesseraTokenizers
import Testing

@Suite struct TokenTableTests {
  @Test func `finds what was inserted, by ID and by bytes`() throws {
    var random = SplitMix64(seed: 3)
    var expected: [[UInt8]: TokenID] = [:]
    var table = TokenTable()
    while expected.count < 3_000 {
      let token = (0..<random.below(6) + 1).map { _ in UInt8(random.below(7)) }
      // Every third ID stays free.
      let id = TokenID(expected.count * 3 / 2)
      if expected[token] == nil {
        expected[token] = id
        try table.insert(token, id: id)
      }
    }
    #expect(table.count == expected.count)
    for (token, id) in expected {
      #expect(table.id(of: token) == id)
      #expect(table.bytes(of: id).map { Array($0) } == token)
      #expect(table.size(of: id) == token.count)
    }
    #expect(table.id(of: [9]) == nil)
    #expect(table.id(of: [] as [UInt8]) == nil)
    #expect(table.bytes(of: TokenID(table.idBound)) == nil)
    #expect(!table.contains(2))
  }

  @Test func `refuses repeated and empty tokens and repeated and huge IDs`() throws {
    var table = try TokenTable([[1], [2]])
    #expect(throws: TokenizerError.duplicateToken("\u{1}", first: 0, second: 5)) {
      try table.insert([1], id: 5)
    }
    #expect(throws: TokenizerError.duplicateID(1, first: "\u{2}", second: "\u{3}")) {
      try table.insert([3], id: 1)
    }
    #expect(throws: TokenizerError.emptyToken(5)) { try table.insert([], id: 5) }
    let limit = TokenTable.maximumID
    #expect(throws: TokenizerError.idTooLarge(Int(limit) + 1, limit: Int(limit))) {
      try table.insert([3], id: limit + 1)
    }
    let size = TokenTable.maximumTokenSize
    try table.insert([UInt8](repeating: 7, count: size), id: 2)
    #expect(throws: TokenizerError.tokenTooLong(3, size: size + 1, limit: size)) {
      try table.insert([UInt8](repeating: 7, count: size + 1), id: 3)
    }
    #expect(table.count == 3)
  }

  @Test func `keeps hidden tokens from being found by their bytes`() throws {
    var table = try TokenTable([[1], [2]])
    let token: [UInt8] = [1]
    try table.insertHidden(token.span, id: 7)
    #expect(table.id(of: [1]) == 0)
    #expect(table.bytes(of: 7).map { Array($0) } == [1])
  }
}
