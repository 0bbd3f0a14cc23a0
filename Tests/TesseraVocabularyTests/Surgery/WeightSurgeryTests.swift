import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct WeightSurgeryTests {
  static let embedding = "model.embed_tokens.weight"
  static let head = "lm_head.weight"

  /// Writes a model with tensors of many types around the two matrices, then extends it.
  ///
  /// - Returns: The base, and the extended weights beside the base's configuration.
  func extend(
    in folder: borrowing TemporaryDirectory, type: StoredType, storesHead: Bool, shardSize: Int,
    layout: (Int) -> RowLayout, method: InitializationMethod
  ) throws -> (base: Checkpoint, extended: Checkpoint) {
    let (rows, width) = (20, 6)
    var tensors = [
      TensorDescription(name: Self.embedding, type: type, shape: [rows, width]),
      TensorDescription(name: "model.layers.0.a", type: .f32, shape: [3, 5]),
      TensorDescription(name: "model.layers.0.b", type: .u8, shape: [7]),
      TensorDescription(name: "model.layers.0.c", type: .f8E4M3, shape: [9]),
      TensorDescription(name: "model.layers.0.empty", type: .f64, shape: [0]),
      TensorDescription(name: "model.norm.weight", type: .bf16, shape: [width]),
    ]
    if storesHead {
      tensors.append(TensorDescription(name: Self.head, type: type, shape: [rows, width]))
    }
    for name in ["base", "new"] {
      try folder.write(
        "\(name)/config.json",
        """
        {"model_type": "llama", "vocab_size": \(name == "base" ? rows : layout(rows).rowCount),
         "hidden_size": \(width), "tie_word_embeddings": \(!storesHead)}
        """)
    }
    var random = SplitMix64(seed: 7)
    var writer = try CheckpointWriter(
      directory: folder.file("base"), tensors: tensors, shardSize: shardSize)
    for tensor in writer.order {
      if tensor.type.elementType != nil {
        let values = (0..<tensor.elementCount).map { _ in Float(random.normal()) }
        try writer.append(values: values.span)
      } else {
        try writer.append((0..<tensor.size).map { _ in UInt8(random.below(256)) })
      }
    }
    try writer.commit()

    let base = try Checkpoint(directory: folder.file("base"))
    let matrices = try base.tokenMatrices()
    let layout = layout(rows)
    let tokens = NewTokens.random(count: layout.newRowCount, baseCount: rows)
    var extended: [(tensor: String, matrix: ExtendedMatrix)] = []
    for (name, role, matrix) in [
      (Self.embedding, MatrixRole.input, matrices.embedding as TokenMatrix?),
      (Self.head, .output, matrices.head),
    ] {
      guard let matrix else { continue }
      let context = try matrix.context(for: tokens)
      let recipes = try method.initializer().recipes(for: role, in: context, seed: 3)
      let synthesizer = try RowSynthesizer(
        recipes: recipes, base: matrix, tokenRows: [0..<rows], statistics: context.statistics)
      extended.append((name, ExtendedMatrix(layout: layout, synthesizer: synthesizer)))
    }
    _ = try WeightSurgery(base: base, matrices: extended).write(to: folder.file("new"))
    return (base, try Checkpoint(directory: folder.file("new")))
  }

  @Test(arguments: [StoredType.f32, .bf16, .f16], [true, false])
  func `old rows and other tensors are the base's`(type: StoredType, storesHead: Bool) throws {
    for shardSize in [1 << 30, 300, 1] {
      for method in InitializationMethod.withoutInputs {
        let folder = try TemporaryDirectory()
        let (base, new) = try extend(
          in: folder, type: type, storesHead: storesHead, shardSize: shardSize,
          layout: {
            RowLayout(
              baseRowCount: $0, ids: NewTokenIDs(from: TokenID($0)), newTokenCount: 5, multiple: 8)
          },
          method: method)
        #expect(new.shardNames == base.shardNames)
        for (a, b) in zip(base.shards, new.shards) {
          #expect(a.header.tensors.map(\.name) == b.header.tensors.map(\.name))
          #expect(a.header.metadata == b.header.metadata)
          for (old, tensor) in zip(a.header.tensors, b.header.tensors) {
            #expect(old.type == tensor.type)
            let grows = [Self.embedding, Self.head].contains(old.name)
            #expect(tensor.shape == (grows ? [32, 6] : old.shape))
            #expect(
              try a.bytes(of: old, in: 0..<old.size) == b.bytes(of: tensor, in: 0..<old.size))
          }
        }
        #expect(new.index?.totalSize == (new.index == nil ? nil : new.tensorSize))
        #expect(try new.tokenMatrices().embedding.rowCount == 32)
      }
    }
  }

  @Test func `padding that is reused keeps what is left of it`() throws {
    let folder = try TemporaryDirectory()
    let (base, new) = try extend(
      in: folder, type: .f32, storesHead: true, shardSize: 1 << 30,
      layout: {
        RowLayout(baseRowCount: $0, ids: NewTokenIDs(from: TokenID(12)), newTokenCount: 5)
      }, method: .mean)
    let old = try base.readTensor(Self.embedding)
    let found = try new.readTensor(Self.embedding)
    #expect(found.count == old.count)
    #expect(found[..<72] == old[..<72])
    #expect(found[102...] == old[102...])
    #expect(found[72..<78] == found[96..<102])
    #expect(found[72..<78] != old[72..<78])
  }

  @Test func `a matrix of many blocks is extended row by row`() throws {
    let (rows, width) = (150_000, 16)
    let folder = try TemporaryDirectory()
    try folder.write(
      "base/config.json",
      """
      {"model_type": "llama", "vocab_size": \(rows), "hidden_size": \(width),
       "tie_word_embeddings": true}
      """)
    let tensor = TensorDescription(name: Self.embedding, type: .bf16, shape: [rows, width])
    var writer = try CheckpointWriter(directory: folder.file("base"), tensors: [tensor])
    for row in 0..<rows {
      // Bits that are no infinity and tell the rows apart.
      let (low, high) = (UInt8(truncatingIfNeeded: row), UInt8(0x3f))
      try writer.append([UInt8](repeating: low, count: width).flatMap { [$0, high] })
    }
    try writer.commit()
    let base = try Checkpoint(directory: folder.file("base"))
    let matrix = try base.tokenMatrices().embedding
    let tokens = NewTokens.random(count: 100, baseCount: rows)
    let context = try matrix.context(for: tokens)
    let recipes = SubwordMeanInitializer().recipes(for: .input, in: context, seed: 0)
    let synthesizer = try RowSynthesizer(
      recipes: recipes, base: matrix, tokenRows: [0..<rows], statistics: context.statistics)
    let layout = RowLayout(
      baseRowCount: rows, ids: NewTokenIDs(from: TokenID(rows)), newTokenCount: 100)
    _ = try WeightSurgery(
      base: base,
      matrices: [(Self.embedding, ExtendedMatrix(layout: layout, synthesizer: synthesizer))]
    ).write(to: folder.path)
    let file = try SafetensorsFile(path: folder.file("model.safetensors"))
    let found = try TokenMatrix(file: file, tensor: file.header.tensors[0])
    #expect(found.rowCount == rows + 100)
    #expect(try found.bytes(in: 0..<rows) == matrix.bytes(in: 0..<rows))
    let rounded = ElementType.bf16.bytes(of: try synthesizer.rows(in: 0..<100))
    #expect(try found.bytes(in: rows..<rows + 100) == rounded)
  }

  @Test func `new rows are what the recipes give, in the type of the base`() throws {
    let folder = try TemporaryDirectory()
    let (base, new) = try extend(
      in: folder, type: .bf16, storesHead: false, shardSize: 1 << 30,
      layout: {
        RowLayout(baseRowCount: $0, ids: NewTokenIDs(from: TokenID($0)), newTokenCount: 9)
      },
      method: .subwordMean)
    let old = try base.readTensor(Self.embedding)
    let found = try new.readTensor(Self.embedding)
    let tokens = NewTokens.random(count: 9, baseCount: 20)
    for i in 0..<9 {
      let pieces = tokens.pieces(of: i)
      for k in 0..<6 {
        let sum = pieces.reduce(0.0) { $0 + Double(old[Int($1) * 6 + k]) }
        let expected = BFloat16(Float(sum / Double(pieces.count))).floatValue
        #expect(abs(found[(20 + i) * 6 + k] - expected) <= abs(expected) * 0x1p-8)
      }
    }
  }
}
