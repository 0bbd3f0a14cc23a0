import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import Testing

@testable import TesseraVocabulary

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct SphericalInterpolationTests {
  /// Spherical interpolation by its definition.
  private static func reference(_ a: [Double], _ b: [Double], _ share: Double) -> [Double] {
    func dot(_ x: [Double], _ y: [Double]) -> Double {
      zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let cosine = dot(a, b) / (dot(a, a).squareRoot() * dot(b, b).squareRoot())
    if !(abs(cosine) <= 0.9995) { return zip(a, b).map { (1 - share) * $0 + share * $1 } }
    let angle = acos(cosine)
    return zip(a, b).map {
      (sin((1 - share) * angle) * $0 + sin(share * angle) * $1) / sin(angle)
    }
  }

  @Test(arguments: [0.1, 0.5, 0.9])
  func `tensors are interpolated on a great circle`(share: Double) throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.model.type = .f32
    // More than a block, whose sums are added up.
    similar.model.moreTensors = [
      TensorDescription(
        name: "model.large", type: .f32, shape: [BlendWriter.blockSize + 5])
    ]
    let models = try (1...2).map {
      try similar.write("m\($0)", seed: UInt64($0), to: folder)
    }
    var options = MergeOptions(rule: .interpolation(.sphere, shares: LayerShares(share)))
    let report = try merge(models, options, in: folder)
    #expect(report.parallelTensorCount == 0)
    let merged = try Checkpoint(directory: folder.file("merged"))
    for tensor in try computableTensors(models[0]) {
      let inputs = try models.map {
        try Checkpoint(directory: $0).readTensor(tensor.name).map { Double($0) }
      }
      let expected = Self.reference(inputs[0], inputs[1], share)
      for (a, b) in zip(try merged.readTensor(tensor.name), expected) {
        // One rounding of the result, and sums of up to 2^17 products in double precision.
        #expect(abs(Double(a) - b) <= 0x1p-23 * max(abs(b), 0x1p-10), "\(tensor.name)")
      }
    }
    // Of tensors as a whole, so without rows of their own the same as on the line for a scaled one.
    options.rule = .interpolation(.line, shares: LayerShares(share))
    #expect(try merge(models, options, in: folder).parallelTensorCount == nil)
  }

  @Test(
    arguments: [
      ([1, 0, 0], [0, 1, 0], 0), ([1, 2, 3], [2, 4, 6], 1), ([1, 2, 3], [-1, -2, -3], 1),
      ([0, 0, 0], [1, 2, 3], 1), ([0, 0, 0], [0, 0, 0], 1), ([1, 0, 0], [1, 0.03, 0], 1),
      ([1, 0, 0], [1, 0.04, 0], 0), ([3e38, 0, 0], [0, 1e-30, 0], 0),
    ] as [([Float], [Float], Int)])
  func `parallel vectors are interpolated on a line`(
    first: [Float], second: [Float], parallelCount: Int
  ) throws {
    let sums = SphericalInterpolation(first.span, second.span)
    let weights = sums.weights(share: 0.25)
    #expect((weights == nil) == (parallelCount == 1))
    guard let weights else { return }
    let expected = Self.reference(first.map { Double($0) }, second.map { Double($0) }, 0.25)
    for i in first.indices {
      let value = weights.first * Double(first[i]) + weights.second * Double(second[i])
      #expect(abs(value - expected[i]) <= 1e-12 * max(1, abs(expected[i])))
    }
  }

  @Test func `a tensor that is nearly the same in both models is interpolated on a line`() throws {
    let folder = try TemporaryDirectory()
    let model = try SimilarModels().write("m", seed: 1, to: folder)
    let other = try SimilarModels().write("n", seed: 1, to: folder)
    let options = MergeOptions(rule: .interpolation(.sphere, shares: LayerShares(0.5)))
    let report = try merge([model, other], options, in: folder)
    #expect(report.parallelTensorCount == report.mergedTensorCount)
    #expect(try tensorBytes(folder.file("merged")) == tensorBytes(model))
  }
}
