#if canImport(Glibc)
  import Glibc

  /// A function of the C library that takes numbers, which Swift's import of glibc leaves out.
  private func function<Function>(named name: String, _ type: Function.Type) -> Function? {
    guard let symbol = unsafe dlsym(nil, name) else { return nil }
    // SAFETY: callers give the type that the C library declares.
    return unsafe unsafeBitCast(symbol, to: type)
  }

  /// Gives memory that was freed back to the system, for the moment between two phases of a long
  /// computation: glibc keeps what was freed for later, and the next phase wants other sizes.
  public func returnFreeMemory() {
    // int malloc_trim(size_t)
    _ = function(named: "malloc_trim", (@convention(c) (Int) -> Int32).self)?(0)
  }

  /// Sees to it that large memory goes back to the system at once when it is freed, in all of the
  /// process and for good.
  ///
  /// For those who must not use more memory than they were given. It costs time: memory that is
  /// taken anew is filled with zeros.
  public func returnLargeMemoryAtOnce() {
    // int mallopt(int, int); the number is M_MMAP_THRESHOLD. Setting it keeps glibc from raising it.
    _ = function(named: "mallopt", (@convention(c) (Int32, Int32) -> Int32).self)?(-3, 1 << 21)
  }
#else
  /// Gives memory that was freed back to the system; this system's library does so by itself.
  public func returnFreeMemory() {}

  /// Sees to it that large memory goes back to the system at once when it is freed; this system's
  /// library does so by itself.
  public func returnLargeMemoryAtOnce() {}
#endif
