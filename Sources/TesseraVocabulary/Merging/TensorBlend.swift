internal import TesseraCheckpoints

/// A tensor of the merged model: what it is, and what each part of it is made of.
struct TensorBlend: Sendable {
  /// A run of elements that are made alike.
  struct Segment: Hashable, Sendable {
    /// The elements, counted in row-major order; they have the same place in all models that the blend needs.
    var elements: Range<Int>
    var blend: Blend
  }

  /// Name, type and shape in the merged model.
  let description: TensorDescription
  /// The tensor in each model; nil where a model does not have it.
  let sources: [TensorSource?]
  /// The parts, which cover all elements in order.
  private(set) var segments: [Segment]

  /// A tensor that is made alike everywhere.
  init(_ description: TensorDescription, of sources: [TensorSource?], _ blend: Blend) {
    self.description = description
    self.sources = sources
    segments = [Segment(elements: 0..<description.elementCount, blend: blend)]
  }

  /// A tensor with rows that not all models have.
  ///
  /// - Parameters:
  ///   - width: The length of a row.
  ///   - sharedRows: For each model the rows that it has; those of the first model are not looked at.
  ///   - restoredRows: Rows that are those of the second model.
  init(
    _ description: TensorDescription, of sources: [TensorSource?], _ blend: Blend, width: Int,
    sharedRows: [RangeSet<Int>], restoredRows: RangeSet<Int>
  ) {
    self.description = description
    self.sources = sources
    segments = []
    let rowCount = width == 0 ? 0 : description.elementCount / width
    let all = RangeSet(0..<rowCount)
    // Between two bounds of ranges all rows are made alike.
    let ranges = (sharedRows + [restoredRows]).flatMap { $0.intersection(all).ranges }
    let bounds = Set(ranges.flatMap { [$0.lowerBound, $0.upperBound] } + [0, rowCount]).sorted()
    for (start, end) in zip(bounds, bounds.dropFirst()) {
      let own =
        restoredRows.contains(start)
        ? Blend.one(1)
        : blend.restricted { $0 == 0 || sharedRows[$0].contains(start) }
      append(Segment(elements: start * width..<end * width, blend: own))
    }
  }

  private mutating func append(_ segment: Segment) {
    if let last = segments.last, last.blend == segment.blend {
      segments[segments.count - 1].elements = last.elements.lowerBound..<segment.elements.upperBound
    } else {
      segments.append(segment)
    }
  }

  /// The tensor in a model that a blend needs.
  ///
  /// - Precondition: The model has it.
  func source(_ model: Int) -> TensorSource {
    guard let source = sources[model] else {
      preconditionFailure("model \(model) has no \(description.name)")
    }
    return source
  }

  /// The same tensor with other blends.
  func replacingBlends(_ replacement: (Blend) -> Blend) -> TensorBlend {
    var result = self
    for index in segments.indices {
      result.segments[index].blend = replacement(segments[index].blend)
    }
    return result
  }
}
