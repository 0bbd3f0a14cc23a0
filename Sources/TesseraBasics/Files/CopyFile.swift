/// Copies a regular file byte for byte, with its permissions; the copy is complete or not there.
package func copyFile(_ source: String, to path: String) throws(FileError) {
  let input = try InputFile(path: source)
  var output = try AtomicFile(path: path, permissions: input.permissions)
  try output.append(copying: 0..<input.size, of: input)
  try output.commit()
}

/// Gives a file or folder the permissions of another one, as far as both are there.
package func copyPermissions(of source: String, to path: String) throws(FileError) {
  guard let wanted = FileDescriptor.Status(path: source)?.permissions,
    let found = FileDescriptor.Status(path: path)?.permissions, wanted != found
  else { return }
  let failure = SystemCalls.setPermissions(path, wanted)
  if failure != 0 { throw .commitFailed(path: path, errno: failure) }
}
