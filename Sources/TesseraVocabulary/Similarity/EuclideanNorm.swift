extension Sequence<Float> {
  /// The Euclidean norm, in double precision.
  var euclideanNorm: Double {
    reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
