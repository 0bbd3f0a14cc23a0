import TesseraTraining
import Testing

@Suite struct ShardLayoutTests {
  @Test(arguments: [
    (ShardFormat.tessera, 65_536, 2), (.tessera, 65_537, 4), (.nanotron, 65_536, 2),
    (.nanotron, 65_537, 4), (.megatron, 65_499, 2), (.megatron, 65_500, 4), (.llmc, 65_535, 2),
    (.raw, 300, 4),
  ])
  func `the vocabulary decides how many bytes a token has`(
    format: ShardFormat, size: Int, width: Int
  ) throws {
    #expect(try ShardLayout(format, vocabularySize: size).bytesPerToken == width)
  }

  @Test func `two bytes are refused where the vocabulary has more tokens`() throws {
    for (format, limit) in [(ShardFormat.llmc, 65_535), (.nanotron, 65_536), (.raw, 65_536)] {
      #expect(throws: Never.self) {
        try ShardLayout(format, vocabularySize: limit, bytesPerToken: 2)
      }
      #expect(
        throws: ShardError.vocabularyTooLarge(format: format, size: limit + 1, limit: limit)
      ) { try ShardLayout(format, vocabularySize: limit + 1, bytesPerToken: 2) }
      #expect(
        try ShardLayout(format, vocabularySize: 128_256, bytesPerToken: 4).bytesPerToken == 4)
    }
    for format in [ShardFormat.tessera, .megatron] {
      #expect(throws: ShardError.fixedWidth(format: format, bytesPerToken: 4)) {
        try ShardLayout(format, vocabularySize: 300, bytesPerToken: 4)
      }
    }
  }

  @Test func `a shard of llm.c stays below 2 GiB`() throws {
    let narrow = try ShardLayout(.llmc, vocabularySize: 300)
    let limit = try #require(narrow.shardTokenLimit)
    #expect(1_024 + 2 * limit < 1 << 31 && 1_024 + 2 * (limit + 1) >= 1 << 31)
    let wide = try ShardLayout(.llmc, vocabularySize: 300, bytesPerToken: 4)
    #expect(1_024 + 4 * (wide.shardTokenLimit ?? 0) < 1 << 31)
  }
}
