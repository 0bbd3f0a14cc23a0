import Foundation  // SIGKILL
import TesseraBasics
import TesseraTestSupport
import Testing

/// Runs that are ended by a signal that no program can answer to.
///
/// `Scripts/kill-and-resume.sh` does the same with twenty kills, and for `adapt` as well.
@Suite struct KilledRunTests {
  /// What a run leaves that has to be the same to the byte, whatever was done to it on the way.
  private func result(_ folder: borrowing TemporaryDirectory, _ name: String) throws -> [[UInt8]] {
    var files = try ["model.safetensors", "held-out.jsonl", "state/step-00000024/MANIFEST.json"].map
    {
      try folder.read("\(name)/\($0)")
    }
    // The manifest has the hashes of all arrays; state.json tells the time, which differs.
    files[2] =
      try JSONValue(parsing: files[2]).object.map { manifest in
        manifest.members.filter { $0.key != "state.json" }
          .map { "\($0.key) \($0.value["sha256"]?.string ?? "")" }.joined(separator: "\n")
      }.map { Array($0.utf8) } ?? []
    let metrics = try folder.read("\(name)/metrics.jsonl").split(separator: UInt8(ascii: "\n"))
    for line in metrics {
      var value = try JSONValue(parsing: Array(line))
      for unit in ["tokens", "bytes", "operations"] { value[unit + "_per_second"] = nil }
      files.append(value.serialized(pretty: false))
    }
    return files
  }

  @Test
  func `a training that is killed at random and resumed by any number of threads is the same`()
    throws
  {
    let folder = try TemporaryDirectory()
    let (_, tokenizer, corpus) = try makeSmallModel(in: folder)
    func arguments(_ output: String, threads: Int) -> [String] {
      [
        "pretrain", "--size", "tiny", "--tokenizer", tokenizer, "--corpus", corpus, "--paragraphs",
        "--held-out", "0.1", "--steps", "24", "--context", "16", "--batch-tokens", "32",
        "--ema", "0.9", "--lawa", "2", "--lawa-interval", "5", "--weights", "ema",
        "--save-every", "2", "--quiet", "--threads", "\(threads)", "--output",
        folder.file(output),
      ]
    }
    let start = ContinuousClock.now
    try ToolRun(arguments("whole", threads: 2)).expectSuccess()
    let duration = (ContinuousClock.now - start) / .seconds(1)

    var random = SplitMix64(seed: 1)
    var killed = 0
    for (kill, threads) in [1, 4, 2].enumerated() {
      // Moments of the whole run, its start and its end among them.
      let delay = duration * (0.1 + 0.8 * random.uniform())
      let run = try ToolRun(
        arguments("killed", threads: threads) + ["--resume"], killedAfter: delay)
      if run.status == -SIGKILL { killed += 1 }
      #expect(run.status == -SIGKILL || run.status == 0, "kill \(kill): \(run.messages)")
    }
    #expect(killed > 0)
    try ToolRun(arguments("killed", threads: 2) + ["--resume"]).expectSuccess()
    #expect(try result(folder, "killed") == result(folder, "whole"))
  }
}
