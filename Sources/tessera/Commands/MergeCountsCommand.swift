import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// `tessera merge-counts FILE… --output FILE`: adds up files of counts.
struct MergeCountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge-counts",
    abstract: "Add up files of counts.",
    discussion: """
      The sum has the same bytes however a corpus was shared out and in whatever order the files are \
      given. All of them must have been counted with the same pattern, normalizer, special tokens and \
      version of Unicode. Memory is a few hundred kilobytes for each of at most 64 files; of more files \
      sums are made first, beside the output.

      Example:
        tessera count corpora-samples/en --output en.counts
        tessera count corpora-samples/sw --output sw.counts
        tessera merge-counts en.counts sw.counts --output both.counts
      """)

  @Argument(help: "Files of counts, as tessera count makes them.", completion: .file())
  var files: [String]

  @OptionGroup var output: OutputFileOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = common.start()
    Interruption.install()
    try output.check(inputs: files)
    let counted = try console.during("adding up") {
      let counted = try CountedPreTokens(
        files: files, folder: Path.directory(of: output.output))
      try counted.write(to: output.output, overwrite: output.force)
      return counted
    }
    try reportCounts(counted, output.output, json: common.json, console)
  }
}
