import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@testable import TesseraTraining

@Suite struct AlignedTextTests {
  private func text(
    _ greek: GreekExtension, _ change: (inout RowLearningOptions) -> Void = { _ in }
  ) throws -> AlignedText {
    try greek.learning(greekDocuments, change).text
  }

  @Test func `windows hold the same bytes in both encodings, run by run`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    let text = try text(greek) { $0.windowLength = 20 }
    #expect(text.windows.count > 20)
    #expect(text.baseTokenCount == text.windows.reduce(0) { $0 + $1.base.count })
    var counts = [Int](repeating: 0, count: 12)
    for window in text.windows {
      #expect(window.base.count <= 20 && window.ends.count == window.extended.count)
      #expect(window.base[0] == window.extended[0] && window.ends[0] == 0)
      var start = 0
      for (token, end) in zip(window.extended, window.ends) {
        let run = window.base[start...end].flatMap {
          greek.base.tokenizer.bytes(of: TokenID($0)) ?? []
        }
        #expect(run == greek.selection.tokenizer.bytes(of: TokenID(token)))
        if let index = text.index(of: token) {
          counts[index] += 1
          #expect(
            window.base[start...end].elementsEqual(
              greek.selection.tokens.pieces(of: index).lazy.map { Int32($0) }))
        } else {
          #expect(start == end)
        }
        start = end + 1
      }
      #expect(start == window.base.count)
      #expect(window.extended.contains { text.index(of: $0) != nil })
    }
    // Some tokens stand in larger ones only.
    #expect(counts == text.counts && counts.count { $0 > 0 } > 6)
  }

  @Test func `the budget and the wanted contexts bound the text`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    let all = try text(greek) { $0.contextCount = 10_000 }
    let short = try text(greek) { $0.tokenCount = 300 }
    #expect(short.baseTokenCount >= 300 && short.baseTokenCount < 300 + 32)
    #expect(all.baseTokenCount > 1_000)
    let few = try text(greek) { $0.contextCount = 2 }
    #expect(few.windows.count < all.windows.count)
    for (few, all) in zip(few.counts, all.counts) { #expect(few >= min(2, all)) }
    let other = try text(greek) {
      $0.contextCount = 10_000
      $0.seed = 5
    }
    #expect(other.windows != all.windows)
    #expect(Set(other.windows) == Set(all.windows))
  }

  @Test func `batches fill up behind, and tell where runs are`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    let text = try text(greek)
    #expect(text.batches.count > 2)
    #expect(text.batches.flatMap { Array($0) } == Array(text.windows.indices))
    for (index, range) in text.batches.enumerated() {
      #expect(text.batch(range).base.inputs.count <= 128)
      guard index + 1 < text.batches.count else { continue }
      let longer = range.lowerBound..<range.upperBound + 1
      #expect(text.batch(longer).base.inputs.count > 128)
    }
    let batch = text.batch(0..<4)
    #expect(batch.positionCount == text.windows[..<4].reduce(0) { $0 + $1.extended.count })
    for (row, window) in text.windows[..<4].enumerated() {
      let (long, short) = (batch.base.sequenceLength, batch.extended.sequenceLength)
      for i in 0..<short {
        let position = row * short + i
        guard i < window.extended.count else {
          #expect(batch.ends[position] == nil && batch.starts[position] == nil)
          #expect(batch.extended.targets[position] == -1)
          continue
        }
        #expect(batch.extended.inputs[position] == window.extended[i])
        #expect(batch.ends[position] == row * long + window.ends[i])
        #expect(
          batch.starts[position] == row * long + (i == 0 ? 0 : window.ends[i - 1] + 1))
        #expect(
          batch.extended.targets[position]
            == (i + 1 < window.extended.count ? window.extended[i + 1] : -1))
      }
    }
  }

  /// A long document takes no more room than others, and is read from all of its places.
  @Test(arguments: ["\n", " ", "·", ""])
  func `pieces cut neither characters nor, where they can, lines and words`(separator: String) {
    let document = Array((0..<20_000).map { "λόγος\($0 % 7)" }.joined(separator: separator).utf8)
    let pieces = AlignedText.pieces(of: document)
    #expect(pieces.flatMap { document[$0] } == document && pieces.count > 10)
    for piece in pieces.dropLast() {
      #expect(piece.count <= 8 << 10 && piece.count > 4 << 10)
      let next = document[piece.upperBound...].prefix(2)
      #expect(String(validating: document[piece], as: UTF8.self) != nil)
      switch separator {
      case "\n": #expect(document[piece.upperBound - 1] == UInt8(ascii: "\n"))
      case " ": #expect(next.first == UInt8(ascii: " "))
      default: break
      }
    }
    #expect(AlignedText.pieces(of: []).isEmpty)
    #expect(
      AlignedText.pieces(of: [UInt8](repeating: 0x80, count: 20_000)).map(\.count) == [
        8_192, 8_192, 3_616,
      ])
  }

  @Test func `tokens that are no runs are told`() {
    let sizes = [1, 1, 2, 3, 0]
    func ends(_ before: [TokenID], _ after: [TokenID]) -> [Int]? {
      runEnds(before, after) { sizes[Int($0)] }
    }
    #expect(ends([0, 1, 0], [2, 0]) == [2, 3])
    #expect(ends([0, 1, 0, 4], [3, 4]) == [3, 4])
    #expect(ends([], []) == [])
    #expect(ends([2, 0], [0, 2]) == nil)
    #expect(ends([0, 0], [0]) == nil)
    #expect(ends([0], [2]) == nil)
    #expect(ends([0, 4], [3]) == nil)
    #expect(ends([0], [4]) == nil)
  }
}
