extension AtomicFile {
  /// Appends bytes of another file, from file to file where the system can.
  ///
  /// Then they do not pass through the process, and file systems that can let two files share them do.
  ///
  /// - Throws: ``FileError/truncated(path:offset:count:size:)`` if the file ends before the range.
  /// - Precondition: The range does not begin below zero.
  package mutating func append(copying range: Range<Int>, of file: InputFile) throws(FileError) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let copied = try appendBySystem(copying: offset..<range.upperBound, of: file)
      offset += copied
      if copied == 0 { break }
    }
    while offset < range.upperBound {
      let block = try file.read(at: offset, count: min(4 << 20, range.upperBound - offset))
      try write(block)
      offset += block.count
    }
  }
}
