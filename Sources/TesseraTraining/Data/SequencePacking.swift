/// How documents are put into sequences of one length.
public enum SequencePacking: String, CaseIterable, Hashable, Sendable {
  /// One after the other, and cut wherever a sequence is full: no position is wasted, and most sequences
  /// begin and end inside of a document.
  case concatenate
  /// Whole: those longer than a sequence are cut into full sequences and a rest, and the longest that still
  /// fits goes where it leaves the least room. Few documents are cut, and some positions are left empty.
  ///
  /// Ding et al., "Fewer Truncations Improve Language Modeling", 2024, arXiv:2404.10830.
  case bestFit = "best-fit"
}
