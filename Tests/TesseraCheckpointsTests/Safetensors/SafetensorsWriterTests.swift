import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct SafetensorsWriterTests {
  @Test func `what is written is read`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("model.safetensors")
    let tensors = [
      TensorDescription(name: "é", type: .f32, shape: [2, 3]),
      TensorDescription(name: "e\u{301}", type: .bf16, shape: [3]),
      TensorDescription(name: "empty", type: .f16, shape: [0, 4]),
      TensorDescription(name: "number", type: .f16, shape: []),
      TensorDescription(name: "bytes \"\\\n", type: .u8, shape: [5]),
    ]
    var writer = try SafetensorsWriter(path: path, tensors: tensors)
    try writer.append(values: ([1, 2, 3, 4] as [Float]).span)
    try writer.append(values: ([5, 6] as [Float]).span)
    try writer.append(values: ([0.5, -1, 2] as [Float]).span)
    try writer.append(values: ([0.25] as [Float]).span)
    try writer.append([1, 2, 3, 4, 5])
    try writer.commit()

    let file = try SafetensorsFile(path: path)
    #expect(file.header.tensors.map(\.description) == tensors)
    #expect(file.header.metadata == [.init(key: "format", value: "pt")])
    #expect(file.header.dataOffset % 8 == 0)
    let matrix = try #require(file.tensor(named: "é"))
    #expect(try file.floats(of: matrix, in: 0..<6) == [1, 2, 3, 4, 5, 6])
    #expect(try file.floats(of: matrix, in: 2..<4) == [3, 4])
    let vector = try #require(file.tensor(named: "e\u{301}"))
    #expect(try file.floats(of: vector, in: 0..<3) == [0.5, -1, 2])
    let number = try #require(file.tensor(named: "number"))
    #expect(try file.floats(of: number, in: 0..<1) == [0.25])
    let bytes = try #require(file.tensor(named: "bytes \"\\\n"))
    #expect(try file.bytes(of: bytes, in: 1..<4) == [2, 3, 4])
    #expect(file.tensor(named: "other") == nil)
    #expect(throws: CheckpointError.notComputable(tensor: bytes.name, type: .u8)) {
      _ = try file.floats(of: bytes, in: 0..<1)
    }
  }

  @Test func `fields of a tensor that nobody knows are written again`() throws {
    let more = #","more": [1.50, {"a":null}],"\u00e9":"x""#
    let header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]\(more)}}"
    let padded = header + String(repeating: " ", count: -header.utf8.count & 7)
    let folder = try TemporaryDirectory()
    let path = try folder.write("a", safetensors(header: padded, data: [7]))
    let file = try SafetensorsFile(path: path)
    var writer = try SafetensorsWriter(
      path: folder.file("b"), tensors: file.header.tensors.map(\.description), metadata: [])
    try writer.append([7])
    try writer.commit()
    #expect(try folder.read("b") == folder.read("a"))
  }

  @Test func `a header that grew past its limit is an error before anything is written`() throws {
    let tensors = [TensorDescription(name: "a", type: .u8, shape: [9])]
    let whole = try SafetensorsHeader.serialized(tensors: tensors, metadata: [], path: "p")
    let size = whole.count - 8
    #expect(
      try SafetensorsHeader.serialized(tensors: tensors, metadata: [], path: "p", limit: size)
        == whole)
    #expect(
      throws: CheckpointError.safetensors(
        path: "p", offset: 0, fault: .headerTooLarge(size: UInt64(size), limit: size - 1))
    ) {
      try SafetensorsHeader.serialized(tensors: tensors, metadata: [], path: "p", limit: size - 1)
    }
    let empty = try SafetensorsHeader.serialized(tensors: [], metadata: [], path: "p")
    #expect(Array(empty.dropFirst(8)) == Array("{}      ".utf8))
  }

  @Test func `the bytes of a small file are these`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("model.safetensors")
    var writer = try SafetensorsWriter(
      path: path, tensors: [TensorDescription(name: "a", type: .f32, shape: [1])])
    try writer.append(values: ([1] as [Float]).span)
    try writer.commit()
    let header =
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let padding = String(repeating: " ", count: -header.utf8.count & 7)
    #expect(
      try readFile(path, limit: 1000)
        == safetensors(header: header + padding, data: [0, 0, 0x80, 0x3f]))
  }

  @Test func `nothing is there before the commit`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("model.safetensors")
    do {
      var writer = try SafetensorsWriter(
        path: path, tensors: [TensorDescription(name: "a", type: .f32, shape: [1])])
      try writer.append(values: ([1] as [Float]).span)
    }
    #expect(try folder.listing() == [])
  }

  @Test func `a file without tensors is a file`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("model.safetensors")
    let writer = try SafetensorsWriter(path: path, tensors: [], metadata: [])
    try writer.commit()
    #expect(try SafetensorsFile(path: path).header.tensors == [])
    #expect(try readFile(path, limit: 100).count == 16)
  }

  @Test func `blocks are the tensor in order`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("model.safetensors")
    let tensor = TensorDescription(name: "a", type: .u8, shape: [100])
    var writer = try SafetensorsWriter(path: path, tensors: [tensor])
    try writer.append(Array(0..<100))
    try writer.commit()
    let file = try SafetensorsFile(path: path)
    for size in [1, 7, 99, 100, 101] {
      var found: [UInt8] = []
      try file.forEachBlock(of: file.header.tensors[0], blockSize: size) { found += $0 }
      #expect(found == Array(0..<100))
    }
  }

  @Test func `a file that shrinks gives an error`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("model.safetensors")
    let tensor = TensorDescription(name: "a", type: .u8, shape: [100])
    var writer = try SafetensorsWriter(path: path, tensors: [tensor])
    try writer.append(Array(0..<100))
    try writer.commit()
    let file = try SafetensorsFile(path: path)
    // SAFETY: the path is passed as a string that ends with zero, and is not kept.
    #expect(unsafe truncate(path, 120) == 0)
    #expect(throws: CheckpointError.self) {
      _ = try file.bytes(of: file.header.tensors[0], in: 0..<100)
    }
  }
}
