import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct FamilyReplacementTests {
  /// The fixture's configurations give roles to the first IDs, which both tokenizers have in this order.
  private static let other = Result {
    try OtherTokenizer.random(seed: 4, specialTokens: ["<|endoftext|>"], size: 310)
  }

  @Test(arguments: try FamilySurgeryTests.models.get())
  func `every family gets another tokenizer, copies and biases included`(
    model: FamilyModel
  ) throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(
      directory: model.write(to: folder, shardSize: 10_000, isPadded: model.variant != "default"))
    let tokenizer = try Self.other.get()
    let replacement = try VocabularyReplacement(
      of: base, by: tokenizer.write("other", in: folder))
    _ = try replacement.write(to: folder.file("new"), force: false)
    let new = try BaseModel(directory: folder.file("new"))
    #expect(new.rowCount == 310 && new.matrices.tied == base.matrices.tied)
    let changed = model.embeddings + model.heads + model.biases
    let correspondence = replacement.correspondence
    for shard in base.checkpoint.shards {
      for tensor in shard.header.tensors {
        let (index, found) = try #require(new.checkpoint.location(of: tensor.name))
        let old = try shard.bytes(of: tensor, in: 0..<tensor.size)
        let bytes = try new.checkpoint.shards[index].bytes(of: found, in: 0..<found.size)
        guard changed.contains(tensor.name) else {
          #expect(found.shape == tensor.shape && bytes == old, "\(tensor.name)")
          continue
        }
        #expect(found.shape == tensor.shape.map { $0 == 300 ? 310 : $0 }, "\(tensor.name)")
        let size = bytes.count / 310
        for case (let id, let baseID?) in correspondence.baseIDs.enumerated() {
          #expect(
            bytes[id * size..<(id + 1) * size]
              == old[Int(baseID) * size..<Int(baseID + 1) * size], "\(tensor.name) \(id)")
        }
      }
    }
    for copies in [model.embeddings, model.heads] {
      for name in copies {
        #expect(try new.checkpoint.readTensor(name) == new.checkpoint.readTensor(copies[0]))
      }
    }
    for name in model.biases {
      let (old, found) = (
        try base.checkpoint.readTensor(name), try new.checkpoint.readTensor(name)
      )
      for i in 0..<correspondence.tokens.count {
        let pieces = correspondence.tokens.pieces(of: i)
        let mean = pieces.reduce(0.0) { $0 + Double(old[Int($1)]) } / Double(pieces.count)
        let element = found[Int(correspondence.tokens.id(of: i))]
        #expect(abs(Double(element) - mean) <= 1e-6, "\(name) \(i)")
      }
    }
  }

  @Test func `a model that counts positions from its padding token keeps that ID`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.specialTokens = ["<|endoftext|>", "<|pad|>"]
    let directory = try model.write(to: folder)
    let text = String(decoding: try folder.read("base/config.json"), as: UTF8.self)
    func write(_ type: String) throws -> BaseModel {
      try folder.write(
        "base/config.json",
        text.replacing(
          "\"model_type\": \"llama\"", with: "\"model_type\": \"\(type)\", \"pad_token_id\": 1"))
      return try BaseModel(
        directory: directory, names: TokenTensorNames(embedding: "model.embed_tokens.weight"))
    }
    let other = try OtherTokenizer.random(seed: 1).write("other", in: folder)
    #expect(throws: VocabularyError.paddingMoved(modelType: "esm", from: 1, to: 0)) {
      try VocabularyReplacement(of: write("esm"), by: other)
    }
    let llama = try VocabularyReplacement(of: write("llama"), by: other)
    #expect(llama.correspondence.newIDs[1] == 0)
  }
}
