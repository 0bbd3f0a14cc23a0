import TesseraBasics
import TesseraTokenizers
import Testing

/// Text that appears while it is made.
@Suite struct TextStreamTests {
  @Test func `pieces give the text that all bytes at once give`() {
    var random = SplitMix64(seed: 3)
    for round in 0..<500 {
      // Whole characters of every size, with stray bytes between.
      var bytes: [UInt8] = []
      for _ in 0..<20 {
        let pick = Int(random.next() % 6)
        bytes += pick == 5 ? [UInt8(truncatingIfNeeded: random.next())] : Array("aéन🙂 ".utf8)
        if pick == 4 { bytes.removeLast(2) }
      }
      var stream = TextStream()
      var text = ""
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = min(rest.count, 1 + Int(random.next() % 3))
        text += stream.add(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      text += stream.finish()
      #expect(Array(text.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8), "\(round)")
    }
  }

  @Test func `holds back no more than the character that is not complete`() {
    var stream = TextStream()
    #expect(stream.add(Array("ab".utf8) + [0xE0, 0xA4]) == "ab")
    #expect(stream.add([0xA8]) == "न")
    #expect(stream.add([0xF0, 0x9F]) == "")
    #expect(stream.finish() == "\u{FFFD}")
  }
}
