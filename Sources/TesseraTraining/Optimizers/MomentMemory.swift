import TesseraModels
import TesseraTensors

/// A number for each parameter of some tensors, kept in one of three precisions.
struct MomentMemory: Sendable {
  /// What the numbers are.
  enum Content: Hashable, Sendable {
    /// Means of gradients, of either sign.
    case means
    /// Means of squares, never negative; in 8 bits their roots are kept.
    case squares
  }

  /// What the name of the array of scales ends in, after that of the numbers.
  static let scaleSuffix = "-scales"

  private let name: String
  private let content: Content
  private let precision: MomentPrecision
  /// The place of each tensor's first number, and of its first scale; nil for tensors without.
  private let starts: [(value: Int, scale: Int)?]
  private let widths: [Int]
  private var floats: [Float] = []
  private var brain: [UInt16] = []
  private var codes: [UInt8] = []
  private var scales: [Float] = []

  /// Memory that is zero, or that of a state.
  ///
  /// - Parameters:
  ///   - name: What its file is called.
  ///   - content: What is kept.
  ///   - precision: In how many bits.
  ///   - layout: The parameters.
  ///   - state: The state whose arrays are taken, where they are as long as they have to be.
  ///   - isIncluded: Which tensors have numbers.
  init(
    name: String, content: Content, precision: MomentPrecision, layout: ParameterLayout,
    state: OptimizerState? = nil, isIncluded: (ParameterLayout.Tensor) -> Bool = { _ in true }
  ) {
    var starts: [(value: Int, scale: Int)?] = []
    var (valueCount, scaleCount) = (0, 0)
    for tensor in layout.tensors {
      guard isIncluded(tensor) else {
        starts.append(nil)
        continue
      }
      starts.append((valueCount, scaleCount))
      valueCount += tensor.range.count
      scaleCount += tensor.rowCount * Self.blockCount(width: tensor.rowWidth)
    }
    self.name = name
    self.content = content
    self.precision = precision
    self.starts = starts
    widths = layout.tensors.map(\.rowWidth)
    func taken<Element>(_ values: [Element]?, zero: Element, count: Int) -> [Element] {
      if let values, values.count == count { return values }
      return Array(repeating: zero, count: count)
    }
    let values = state?[name]?.values
    switch precision {
    case .f32: floats = taken(values?.floats, zero: 0, count: valueCount)
    case .bf16: brain = taken(values?.brainFloats, zero: 0, count: valueCount)
    case .eightBit:
      codes = taken(values?.bytes, zero: Self.map(for: content).zero, count: valueCount)
      scales = taken(state?[name + Self.scaleSuffix]?.values.floats, zero: 0, count: scaleCount)
    }
  }

  /// How many blocks a row of a width has.
  static func blockCount(width: Int) -> Int {
    (width + DynamicMap.blockSize - 1) / DynamicMap.blockSize
  }

  /// What bytes stand for.
  private static func map(for content: Content) -> DynamicMap {
    content == .means ? .signed : .unsigned
  }

  /// The arrays, as a state keeps them.
  var memories: [OptimizerMemory] {
    switch precision {
    case .f32: [OptimizerMemory(name: name, values: .floats(floats))]
    case .bf16: [OptimizerMemory(name: name, values: .brainFloats(brain))]
    case .eightBit:
      [
        OptimizerMemory(name: name, values: .bytes(codes)),
        OptimizerMemory(name: name + Self.scaleSuffix, values: .floats(scales)),
      ]
    }
  }

  /// Takes the arrays of a state that has them.
  mutating func restore(_ state: OptimizerState) {
    switch precision {
    case .f32: floats = state[name]?.values.floats ?? floats
    case .bf16: brain = state[name]?.values.brainFloats ?? brain
    case .eightBit:
      codes = state[name]?.values.bytes ?? codes
      scales = state[name + Self.scaleSuffix]?.values.floats ?? scales
    }
  }

  /// Lends the rows of a tensor to a body, which may hand different rows to different threads.
  ///
  /// - Precondition: the tensor has numbers.
  mutating func withRows<Result>(ofTensor index: Int, _ body: (MomentRows) -> Result) -> Result {
    guard let start = starts[index] else { preconditionFailure("the tensor has no moments") }
    let width = widths[index]
    let (map, isSquare) = (Self.map(for: content), content == .squares)
    return unsafe floats.withUnsafeMutableBufferPointer { floats in
      unsafe brain.withUnsafeMutableBufferPointer { brain in
        unsafe codes.withUnsafeMutableBufferPointer { codes in
          unsafe scales.withUnsafeMutableBufferPointer { scales in
            // SAFETY: the places are those of the tensor in the arrays that the precision has; the
            // others are empty, and their addresses are not used.
            unsafe body(
              MomentRows(
                width: width, firstIndex: start.value, stream: isSquare ? 1 : 0,
                isSquare: isSquare, map: map,
                floats: floats.baseAddress.map { unsafe $0 + start.value },
                brain: brain.baseAddress.map { unsafe $0 + start.value },
                codes: codes.baseAddress.map { unsafe $0 + start.value },
                scales: scales.baseAddress.map { unsafe $0 + start.scale }, precision: precision))
          }
        }
      }
    }
  }
}

/// The numbers of one tensor, row by row; valid inside the closure that it was lent to.
@safe
struct MomentRows: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: pointers that stay valid for the closure; forks give each row to
  // one call alone, and rows share no element and no scale.
  let width: Int
  fileprivate let firstIndex: Int
  fileprivate let stream: Int
  fileprivate let isSquare: Bool
  fileprivate let map: DynamicMap
  fileprivate let floats: UnsafeMutablePointer<Float>?
  fileprivate let brain: UnsafeMutablePointer<UInt16>?
  fileprivate let codes: UnsafeMutablePointer<UInt8>?
  fileprivate let scales: UnsafeMutablePointer<Float>?
  fileprivate let precision: MomentPrecision

  /// The numbers of a row: where they lie if they are floats, else copied to `scratch`.
  ///
  /// `scratch` must have room for a row.
  @unsafe
  func open(
    _ row: Int, scratch: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    // SAFETY: the row is one of the tensor, whose arrays the pointers are to.
    let place = row * width
    if let floats = unsafe floats, precision == .f32 { return unsafe floats + place }
    var values = unsafe MutableSpan(_unsafeStart: scratch, count: width)
    if let brain = unsafe brain, precision == .bf16 {
      unsafe decodeBrainFloats(
        into: &values, brain: Span(_unsafeStart: brain + place, count: width))
    } else if let codes = unsafe codes, let scales = unsafe scales {
      for block in 0..<MomentMemory.blockCount(width: width) {
        let range = self.range(ofBlock: block)
        var part = unsafe MutableSpan(_unsafeStart: scratch + range.lowerBound, count: range.count)
        unsafe map.decode(
          into: &part,
          codes: Span(_unsafeStart: codes + place + range.lowerBound, count: range.count),
          scale: scales[row * MomentMemory.blockCount(width: width) + block])
      }
      if isSquare { for i in values.indices { values[i] *= values[i] } }
    }
    return unsafe scratch
  }

  /// Keeps the numbers of a row that was opened and changed.
  ///
  /// - Parameters:
  ///   - values: What ``open(_:scratch:)`` returned; it is changed.
  ///   - step: The number of the row's updates, which decides how it is rounded.
  @unsafe
  func close(_ row: Int, _ values: UnsafeMutablePointer<Float>, step: Int) {
    if precision == .f32 { return }
    // SAFETY: as in `open`.
    let place = row * width
    let seed = roundingSeed(step: step, stream: stream)
    if let brain = unsafe brain, precision == .bf16 {
      var target = unsafe MutableSpan(_unsafeStart: brain + place, count: width)
      unsafe roundStochastically(
        into: &target, values: Span(_unsafeStart: values, count: width),
        firstIndex: firstIndex + place, seed: seed)
    } else if let codes = unsafe codes, let scales = unsafe scales {
      if isSquare {
        var roots = unsafe MutableSpan(_unsafeStart: values, count: width)
        for i in roots.indices { roots[i] = roots[i].squareRoot() }
      }
      for block in 0..<MomentMemory.blockCount(width: width) {
        let range = self.range(ofBlock: block)
        var target = unsafe MutableSpan(
          _unsafeStart: codes + place + range.lowerBound, count: range.count)
        unsafe scales[row * MomentMemory.blockCount(width: width) + block] = map.encode(
          into: &target, values: Span(_unsafeStart: values + range.lowerBound, count: range.count),
          firstIndex: firstIndex + place + range.lowerBound, seed: seed)
      }
    }
  }

  /// The places of a block within a row.
  private func range(ofBlock block: Int) -> Range<Int> {
    let start = block * DynamicMap.blockSize
    return start..<min(start + DynamicMap.blockSize, width)
  }
}
