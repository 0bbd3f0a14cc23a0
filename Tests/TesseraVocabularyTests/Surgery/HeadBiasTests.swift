import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// What a model has for each token besides rows.
@Suite struct HeadBiasTests {
  @Test(arguments: PaddingPolicy.allCases, [InitializationMethod.mean, .random, .subwordMean])
  func `the bias of a head grows as its rows do, or by its mean`(
    padding: PaddingPolicy, method: InitializationMethod
  ) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    model.type = .f32
    model.paddingCount = 5
    model.moreTensors = [TensorDescription(name: "lm_head.bias", type: .f32, shape: [305])]
    let base = try BaseModel(directory: model.write(to: folder))
    var options = ExtensionOptions()
    options.padding = padding
    options.inputMethod = method
    options.rowMultiple = 64
    let tokens = try base.select(3, padding: padding).tokens
    let subject = try VocabularyExtension(of: base, tokens: tokens, options: options)
    _ = try subject.write(to: folder.file("new"), force: false)
    let old = try base.checkpoint.readTensor("lm_head.bias")
    let new = try Checkpoint(directory: folder.file("new")).readTensor("lm_head.bias")
    let mean = Float(old.prefix(300).reduce(0.0) { $0 + Double($1) } / 300)
    let layout = subject.layout
    #expect(new.count == layout.rowCount)
    for (i, value) in new.enumerated() {
      let isKept = i < 305 && !layout.newRows.contains(i)
      if method == .subwordMean, layout.newRows.contains(i) {
        let pieces = tokens.pieces(of: i - layout.newRows.ranges[0].lowerBound)
        let sum = pieces.reduce(0.0) { $0 + Double(old[Int($1)]) }
        #expect(abs(Double(value) - sum / Double(pieces.count)) < 1e-6, "\(i)")
      } else {
        #expect(value == (isKept ? old[i] : mean), "\(i)")
      }
    }
  }

  @Test(arguments: [
    ("lm_head.weight_scale", StoredType.f32, [300, 1]),
    ("model.embed_tokens.scale", .f32, [8, 300]),
  ])
  func `a tensor with elements for tokens that nobody knows is refused`(
    name: String, type: StoredType, shape: [Int]
  ) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.moreTensors = [TensorDescription(name: name, type: type, shape: shape)]
    let base = try BaseModel(directory: model.write(to: folder))
    let tokens = try base.select(3).tokens
    #expect(throws: VocabularyError.unknownTokenTensor(name: name)) {
      _ = try VocabularyExtension(of: base, tokens: tokens)
    }
    #expect(throws: VocabularyError.unknownTokenTensor(name: name)) {
      try base.checkRows(outputMethod: nil)
    }
    #expect(throws: VocabularyError.tiedModelHasNoHead(method: .copy)) {
      try base.checkRows(outputMethod: .copy)
    }
  }

  @Test func `tensors of layers may be as long as the vocabulary is large`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.moreTensors = [
      TensorDescription(name: "model.layers.0.mlp.up_proj.weight", type: .f32, shape: [300, 8]),
      TensorDescription(name: "model.layers.0.mlp.up_proj.bias", type: .f32, shape: [300]),
    ]
    let base = try BaseModel(directory: model.write(to: folder))
    try #require(base.rowCount == 300)
    try base.checkRows(outputMethod: nil)
    // As wide as it is large: a norm has the shape of a bias.
    model.width = 300
    let square = try BaseModel(directory: model.write(to: folder))
    try square.checkRows(outputMethod: nil)
  }

  @Test(arguments: [
    (StoredType.u8, [300], "only F32, BF16 and F16"), (.f32, [300, 1], "needs [300]"),
    (.f32, [299], "needs [300]"),
  ])
  func `a bias of the head that cannot be read is refused`(
    type: StoredType, shape: [Int], reason: String
  ) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.moreTensors = [TensorDescription(name: "lm_head.bias", type: type, shape: shape)]
    let directory = try model.write(to: folder)
    let error = #expect(throws: (any Error).self) { _ = try BaseModel(directory: directory) }
    let text = try #require(error.map { "\($0)" })
    #expect(text.contains("lm_head.bias") && text.contains(reason), "\(text)")
  }
}
