#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Paths are strings; these functions take them apart and put them together.
public enum Path {
  /// The last component: `c` of `a/b/c` and of `a/b/c/`.
  public static func lastComponent(of path: String) -> String {
    String(split(path).name)
  }

  /// The folder a path is in: `a/b` of `a/b/c`, `.` of `c`, `/` of `/c`.
  public static func directory(of path: String) -> String {
    String(split(path).directory)
  }

  /// What stands between slashes: `a`, nothing and `b` of `a//b`.
  ///
  /// A slash is a byte, as it is for the system, even where a combining mark behind it makes another
  /// character of both.
  package static func components(of path: String) -> [Substring] {
    path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map(Substring.init)
  }

  /// `a/b` of `a` and `b`.
  public static func join(_ directory: String, _ name: String) -> String {
    directory.utf8.last == UInt8(ascii: "/") ? directory + name : directory + "/" + name
  }

  /// The path of something in a folder, counted from that folder: `b/c` for `a/b/c` in `a` or `a/`.
  ///
  /// Paths are compared byte for byte; nil where `path` does not begin with `directory`.
  package static func relative(_ path: String, to directory: String) -> String? {
    let prefix = join(directory, "").utf8
    guard path.utf8.starts(with: prefix) else { return nil }
    return String(decoding: path.utf8.dropFirst(prefix.count), as: UTF8.self)
  }

  /// Where a path leads, or will lead when it is made: absolute, without links and dots.
  package static func destination(_ path: String) -> String {
    if let resolved = resolved(path.isEmpty ? "." : path) { return resolved }
    let directory = directory(of: path)
    if directory == path { return path }
    let parent = destination(directory)
    switch lastComponent(of: path) {
    case ".": return parent
    case "..": return Path.directory(of: parent)
    case let name: return join(parent, name)
    }
  }

  /// Whether a path is a folder or inside it, for two paths that are ``destination(_:)``s.
  static func isInside(_ path: String, _ directory: String) -> Bool {
    join(path, "").utf8.starts(with: join(directory, "").utf8)
  }

  /// Whether there is something, a folder included.
  public static func exists(_ path: String) -> Bool { FileDescriptor.Status(path: path) != nil }

  /// Whether there is a folder.
  public static func isDirectory(_ path: String) -> Bool {
    FileDescriptor.Status(path: path)?.kind == .directory
  }

  /// Whether there is a symbolic link, wherever it leads.
  package static func isLink(_ path: String) -> Bool {
    FileDescriptor.Status(path: path, followingLinks: false)?.kind == .link
  }

  /// The size of a regular file in bytes; nil for all else.
  public static func regularFileSize(_ path: String) -> Int? {
    guard let status = FileDescriptor.Status(path: path), status.kind == .regular else {
      return nil
    }
    return status.size
  }

  private static func split(_ path: String) -> (directory: Substring, name: Substring) {
    let slash = UInt8(ascii: "/")
    var trimmed = path[...]
    while trimmed.utf8.count > 1, trimmed.utf8.last == slash { trimmed = trimmed.dropLast() }
    guard let cut = trimmed.utf8.lastIndex(of: slash) else { return (".", trimmed) }
    let name = trimmed[trimmed.utf8.index(after: cut)...]
    if name.isEmpty { return ("/", "/") }
    var directory = trimmed[..<cut]
    while directory.utf8.count > 1, directory.utf8.last == slash {
      directory = directory.dropLast()
    }
    return (directory.isEmpty ? "/" : directory, name)
  }

  /// The path without links and dots; nil if there is nothing.
  private static func resolved(_ path: String) -> String? {
    // SAFETY: with no buffer given the C library allocates one, which is freed here after the copy.
    guard let text = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  /// A hidden name beside `path` that belongs to it: `.NAME` with a suffix of up to 64 bytes.
  ///
  /// Names are at most 255 bytes; where this one could be longer, a hash takes the name's place.
  static func hiddenSibling(of path: String, suffix: String) -> String {
    let name = lastComponent(of: path)
    let fits = 1 + name.utf8.count + 64 <= 255
    let stem = fits ? name : String(SHA256.hexDigest(of: Array(name.utf8)).prefix(32))
    return join(directory(of: path), "." + stem + suffix)
  }
}
