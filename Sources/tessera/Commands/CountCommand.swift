import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// `tessera count CORPUS… --output FILE`: counts the pre-tokens of a corpus, for training later.
struct CountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count",
    abstract: "Count the pre-tokens of a corpus into a file.",
    discussion: """
      All that training needs to know of a corpus. The parts of a corpus that one machine cannot \
      count are counted on many, and `tessera merge-counts` adds them up; `tessera train --counts` \
      learns the same merges from the sum as from the whole corpus. The file is sorted, says how it \
      was counted, and has a checksum.

      Example:
        tessera count corpora-samples/en --paragraphs --output en.counts
        tessera train --counts en.counts --vocab-size 2000 --output tokenizer-en
      """)

  @Argument(
    help:
      "Text files or folders of them; .jsonl, .gz and .zst are read as such, - is standard input.",
    completion: .file())
  var corpus: [String]

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var counting: CountingArguments
  @OptionGroup var memory: MemoryArguments
  @OptionGroup var output: OutputFileOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = common.start()
    Interruption.install()
    try output.check(inputs: corpus)
    let options = counting.options()
    try options.check()
    let counted = try countPreTokens(
      in: documents.corpus(corpus), options,
      memory: memory.budget(in: Path.directory(of: output.output)), progress: console.progress)
    try console.during("writing") {
      try counted.write(to: output.output, overwrite: output.force)
    }
    try reportCounts(counted, output.output, json: common.json, console)
  }
}

/// Says what a file of counts holds.
func reportCounts(
  _ counted: CountedPreTokens, _ path: String, json: Bool, _ console: Console
) throws {
  console.finishProgress()
  let totals = try counted.totals()
  let documents = counted.corpora.documentCount
  let textSize = counted.corpora.textSize
  if json {
    try console.printJSON([
      "output": JSONValue(path),
      "documents": JSONValue(documents),
      "corpus_bytes": JSONValue(textSize),
      "distinct_pre_tokens": JSONValue(totals.distinctCount),
      "distinct_bytes": JSONValue(totals.textSize),
      "occurrences": JSONValue(totals.occurrenceCount),
    ])
    return
  }
  console.say(
    "\(path): \(groupDigits(totals.distinctCount)) distinct pre-tokens of "
      + "\(groupDigits(Int(clamping: totals.occurrenceCount))), from "
      + "\(formatAmount(Double(textSize), unit: "B")) of text")
}
