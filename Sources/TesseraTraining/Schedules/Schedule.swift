public import TesseraBasics

/// A quantity over the steps of a run, such as the learning rate, as a list of segments.
///
/// The value is a pure function of the step: nothing about it is kept in the state of a run, so a
/// resumed run cannot disagree with an uninterrupted one, and the whole curve can be printed before
/// the first step.
///
///     let schedule = Schedule.warmupCosine(peak: 1e-3, steps: 1_000)
///     schedule.value(at: 0)      // 2.5e-5: the first of forty warmup steps
///     schedule.value(at: 999)    // 1e-4: a tenth of the peak
public struct Schedule: Hashable, Sendable {
  /// A stretch of steps over which the value moves from one end to the other.
  public struct Segment: Hashable, Sendable {
    /// How many steps the segment takes.
    public var steps: Int
    /// How the value moves.
    public var shape: ScheduleShape
    /// The value just before the segment's first step.
    public var from: Double
    /// The value at the segment's last step.
    public var to: Double
    /// α where the shape is ``ScheduleShape/inverseSquareRoot``.
    public var steepness: Double

    /// Creates a segment.
    ///
    /// - Precondition: `steps` is not negative, both ends are finite and not negative, and positive
    ///   where the shape is ``ScheduleShape/exponential``; the steepness is positive.
    public init(
      steps: Int, shape: ScheduleShape, from: Double, to: Double,
      steepness: Double = ScheduleShape.steepness
    ) {
      precondition(steepness > 0 && steepness.isFinite, "a steepness is out of range")
      precondition(steps >= 0, "a segment has a negative number of steps")
      precondition(from >= 0 && to >= 0 && from.isFinite && to.isFinite, "a rate is out of range")
      precondition(
        shape != .exponential || (from > 0 && to > 0), "an exponential segment reaches zero")
      self.steps = steps
      self.shape = shape
      self.from = from
      self.to = to
      self.steepness = steepness
    }
  }

  /// The segments in the order in which they are run through.
  public let segments: [Segment]

  /// Creates a schedule.
  ///
  /// - Precondition: there is at least one segment.
  public init(segments: [Segment]) {
    precondition(!segments.isEmpty, "a schedule needs a segment")
    self.segments = segments
  }

  /// The number of steps that the segments cover.
  public var steps: Int { segments.reduce(0) { $0 + $1.steps } }

  /// The value that the update after `step` completed updates uses.
  ///
  /// Within a segment of n steps, its step number i (from 0) has the progress (i + 1) / n: a warmup
  /// of 10 steps starts at a tenth of the peak and reaches it with its last step. Past the end the
  /// value stays what it was at the last step.
  ///
  /// - Parameter step: The number of updates made before, from 0.
  /// - Complexity: O(segments).
  public func value(at step: Int) -> Double {
    var rest = step
    for segment in segments {
      if rest < segment.steps {
        let progress = Double(rest + 1) / Double(segment.steps)
        return segment.shape.value(
          at: progress, from: segment.from, to: segment.to, steepness: segment.steepness)
      }
      rest -= segment.steps
    }
    return segments[segments.count - 1].to
  }
}

extension Schedule {
  /// The segments that have steps, with the steps of each.
  public var stretches: [(steps: Range<Int>, segment: Segment)] {
    var first = 0
    return segments.compactMap { segment in
      defer { first += segment.steps }
      return segment.steps > 0 ? (first..<first + segment.steps, segment) : nil
    }
  }

  /// The segments as a record.
  public var record: JSONValue {
    .array(
      segments.map { segment in
        var record: JSONObject = [
          "steps": .init(segment.steps), "shape": .string(segment.shape.rawValue),
          "from": .init(segment.from), "to": .init(segment.to),
        ]
        if segment.shape == .inverseSquareRoot { record["steepness"] = .init(segment.steepness) }
        return .object(record)
      })
  }

  /// The highest value that a segment starts or ends with.
  public var peak: Double { segments.map { max($0.from, $0.to) }.max() ?? 0 }
}
