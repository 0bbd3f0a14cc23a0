import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import Testing

/// Writing and reading 16-bit files agrees with PyTorch on all bit patterns that matter.
///
/// The hashes are of what PyTorch gives, see `Tests/Fixtures/make-rounding-goldens.py`.
@Suite struct RoundingTests {
  @Test(arguments: [
    (StoredType.bf16, "e0cd29370cee1f486864ea6363f55bf4edfeb1e9dd9822556da5b87bb3e01daa"),
    (StoredType.f16, "c284f59fb8d6f183711fb0ff9d5264840728d596235e3533100af888ab353be3"),
  ])
  func `floats are rounded as by PyTorch`(type: StoredType, hash: String) throws {
    var values: [Float] = []
    for low: UInt32 in [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff] {
      for high: UInt32 in 0..<65536 {
        let value = Float(bitPattern: high << 16 | low)
        if !value.isNaN { values.append(value) }
      }
    }
    let folder = try TemporaryDirectory()
    let path = folder.file("a.safetensors")
    let tensor = TensorDescription(name: "a", type: type, shape: [values.count])
    var writer = try SafetensorsWriter(path: path, tensors: [tensor])
    try writer.append(values: values.span)
    try writer.commit()
    let file = try SafetensorsFile(path: path)
    let bytes = try file.bytes(of: file.header.tensors[0], in: 0..<2 * values.count)
    #expect(SHA256.hexDigest(of: bytes) == hash)
  }

  @Test(arguments: [
    (StoredType.bf16, "ba630f4dd7aba313174b044090cfc5353bc4f587c4f6c2848056051239b777b0"),
    (StoredType.f16, "680bbc22915f61aa1bbfc7265bc3882a6aa42d299bfd2c571807196e5544de2e"),
  ])
  func `stored numbers are read as by PyTorch`(type: StoredType, hash: String) throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("a.safetensors")
    let tensor = TensorDescription(name: "a", type: type, shape: [65536])
    var writer = try SafetensorsWriter(path: path, tensors: [tensor])
    try writer.append((0..<65536).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    try writer.commit()
    let file = try SafetensorsFile(path: path)
    let values = try file.floats(of: file.header.tensors[0], in: 0..<65536)
    let finite = values.filter { !$0.isNaN }
    #expect(SHA256.hexDigest(of: ElementType.f32.bytes(of: finite)) == hash)
  }
}
