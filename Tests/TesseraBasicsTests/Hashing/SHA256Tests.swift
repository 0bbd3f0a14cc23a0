import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4 example values.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `gives the published values`(text: String, digest: String) {
    #expect(SHA256.hexDigest(of: Array(text.utf8)) == digest)
  }

  @Test func `does not depend on the pieces`() throws {
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    var hash = SHA256()
    var random = SplitMix64(seed: 3)
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + random.below(500_000))
      hash.update(Array(bytes[start..<end]))
      start = end
    }
    let whole = SHA256.hexDigest(of: bytes)
    #expect(SHA256.hexadecimal(hash.finalize()) == whole)
    let directory = try TemporaryDirectory()
    #expect(try SHA256.hexDigest(ofFile: try directory.write("a", bytes)) == whole)
  }
}
