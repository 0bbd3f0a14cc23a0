import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@testable import tessera

/// What the tool says about command lines that it does not understand.
@Suite struct UsageTests {
  @Test(arguments: [
    ("trian corpus.txt", "did you mean \"train\"?"), ("help trian", "did you mean \"train\"?"),
    ("trian --config none.yaml", "there is no verb \"trian\""),
    ("zzzzzzzz", "no verb \"zzzzzzzz\""),
    ("train", "missing expected argument"),
    ("train c --vocab-size -5 -o t", "at least 256, not -5"),
    ("train c --vocab-size 300 --output -", "must name a folder"),
    ("train c --vocab-size 300 --tie both -o t", "'hf' and 'bytes'"),
    ("train c --vocab-size 300 --pattern o20k -o t", "known are gpt2, cl100k"),
    ("train c --vocab-size 300 --pattern a(?=bc) -o t", "at character 1 is not supported"),
    ("encode --tokenizer t.tiktoken --pattern a+b", "square of its length"),
    ("train c --vocab-size 300 --min-frequency -1 -o t", "at least 0, not -1"),
    ("extend --model m --corpus c --new-tokens 5 --output -", "must name a folder"),
    ("extend --model m --corpus c --new-tokens 9223372036854775807 -o t", "at most 1048576"),
    ("evaluate --model m --corpus c --context 0", "at least 1, not 0"),
    ("evaluate --model m --corpus c --context=-5", "at least 1, not -5"),
    ("evaluate --model m --corpus c --stride 0", "at least 1, not 0"),
    ("evaluate --model m --corpus c --context 4 --stride 8", "at most the context of 4"),
    ("evaluate --model m", "--corpus is needed"),
    ("evaluate --model m --corpus c --drift", "--drift needs --base"),
    ("evaluate --model m --corpus c --byte-window 9", "--byte-window needs --base"),
    ("evaluate --model m --corpus c --probes induction,x", "- all - induction"),
    ("evaluate --model m --corpus c --probes parallel", "needs --parallel"),
    ("evaluate --model m --corpus c --parallel p", "--parallel is for --probes parallel"),
    ("evaluate --model m --base b --drift --corpus drift=c", "cannot be called drift"),
    ("generate --model m --tokens 9223372036854775807", "at most 1048576"),
    ("logits --model m --maximum-tokens 9223372036854775807 -o l f", "at most 1048576"),
    ("logits --model m --json --output - f", "standard output"),
    ("pretrain --tokenizer t --corpus c --steps 1000000000000 -o m", "at most 100000000"),
    ("pretrain --tokenizer t --corpus c --tokens 9223372036854775807 -o m", "at most 10000"),
    ("pretrain --tokenizer t --corpus c --steps 1 --batch-tokens 9223372036854775807 -o m", "most"),
    ("pretrain --tokenizer t --corpus c --steps 99999999 --batch-tokens 99999 -o m", "times"),
    ("pretrain --tokenizer t --corpus c --minutes inf -o m", "at most 1000000"),
    ("pretrain --tokenizer t --corpus c --steps 1 --optimizer sgd -o m", "'adafactor'"),
    ("pretrain --tokenizer t --corpus c --steps 1 --moments 4bit -o m", "'8bit'"),
    (
      "pretrain --tokenizer t --corpus c --steps 1 --optimizer adafactor --moments bf16 -o m",
      "adafactor keeps none"
    ),
    ("pretrain --tokenizer t --corpus c --steps 1 --weight-decay 11 -o m", "between 0 and 10"),
    ("pretrain --tokenizer t --corpus c --steps 1 --mix a -o m", "--mix must be NAME=WEIGHT"),
    ("pretrain --tokenizer t --corpus c --steps 1 --mix a=1 --mix a=2 -o m", "once for each"),
    (
      "pretrain --tokenizer t --corpus c --steps 1 --sampling-temperature 0 -o m",
      "at least 0.1, not 0.0"
    ),
    ("pretrain --tokenizer t --corpus c --steps 1 --max-epochs 0 -o m", "above 0"),
    ("pretrain --tokenizer t --corpus c --steps 1 --data-stage x -o m", "must begin with a number"),
    ("pretrain --tokenizer t --corpus c --steps 1 --curriculum x -o m", "none of early-replay"),
    (
      "pretrain --tokenizer t --corpus c --steps 1 --curriculum plain-end -o m", "needs --prefix"
    ),
    (
      "pretrain --tokenizer t --corpus c --steps 1 --curriculum finish=a --data-stage rest -o m",
      "exclude each other"
    ),
    ("pretrain --tokenizer t --corpus c --steps 1 --prefix a -o m", "--prefix must be NAME=TEXT"),
    ("pretrain --tokenizer t --corpus c --steps 1 --prefix-share 0.5 -o m", "needs --prefix"),
    ("pretrain --tokenizer t --corpus c --steps 1 --packing x -o m", "'best-fit'"),
    ("pretrain --tokenizer t --corpus c --steps 1 --loss-weighting 0 -o m", "between 0.01 and"),
    ("pretrain --tokenizer t --corpus =c --steps 1 -o m", "has no name"),
    ("adapt --model m --corpus a= --no-replay -o m", "has no path"),
    ("pretrain --tokenizer t --corpus c --steps 1 --floor 1.5 -o m", "between 0 and 1, not 1.5"),
    ("pretrain --tokenizer t --corpus c --steps 1 --decay 0.1 -o m", "no meaning for"),
    ("pretrain --tokenizer t --corpus c --steps 1 --cycle 0 -o m", "at least 1, not 0"),
    ("adapt --model m --corpus c --no-replay --layers 1-- -o a", "layers are numbers and ranges"),
    ("adapt --model m --corpus c --no-replay --group a -o a", "gives neither rate nor decay"),
    ("adapt --model m --corpus c --no-replay --stage x -o a", "must begin with a number of steps"),
    ("adapt --model m --corpus c --no-replay --skip-loss nan -o a", "between 0 and 1000000"),
    ("adapt --model m --corpus c --no-replay --snapshots -1 -o a", "at least 0, not -1"),
    ("adapt --model m --corpus c --no-replay --schedule reuse --warmup 3 -o a", "curve reuse"),
    ("adapt --model m --corpus c --no-replay --schedule infinite --floor 0 -o a", "above it"),
    ("adapt --model m --corpus c --no-replay --segment 5%lin -o a", "it has 1 words"),
    ("adapt --model m --corpus c --no-replay --tokens 9223372036854775807 -o a", "at most 10000"),
    ("adapt --model m --corpus c --no-replay --batch-tokens 9223372036854775807 -o a", "at most"),
    ("adapt --model m --corpus c --replay r --replay-share 0.999999999999 -o a", "0.99"),
    ("adapt --model m --corpus c --replay r --max-forget inf -o a", "between 0 and 100"),
    ("encode --tokenizer t --json --format u16", "--format u16"),
    ("decode --tokenizer t --json --lines", "exclude each other"),
  ])
  func `is two lines, the second of which says where help is`(line: String, words: String) throws {
    try ToolRun(line.split(separator: " ").map(String.init)).expectFailure(64, [words])
  }

  @Test func `help and version are no errors`() throws {
    for arguments in [["--version"], ["help"], ["help", "train"], ["train", "--help"], []] {
      let run = try ToolRun(arguments)
      #expect(run.status == 0 && !run.output.isEmpty && run.messages.isEmpty)
    }
  }

  @Test func `an interruption is one whatever library reports it`() {
    #expect(Interrupted(TokenizerError.interrupted) != nil)
    #expect(Interrupted(TrimmingError.tokenizer(.interrupted)) != nil)
    #expect(Interrupted(TrainingError.interrupted) != nil)
    #expect(Interrupted(VocabularyError.interrupted) != nil)
    #expect(Interrupted(VocabularyError.training(.interrupted)) != nil)
    #expect(Interrupted(CountFileError.interrupted) != nil)
    #expect(Interrupted(TrainingError.emptyCorpus) == nil)
    #expect(Interrupted(resumableFolder: "run").message.contains("--resume"))
    #expect(Interrupted.exitStatus == 130)
  }

  @Test func `joins numbers below zero to their options and nothing else`() throws {
    let syntax = try #require(VerbSyntax(ofVerb: "train"))
    let (parts, arguments) = syntax.parts(of: [
      "a.txt", "--vocab-size", "-5", "--lines", "-o", "out", "--special", "-", "--tie=hf", "--",
      "-x",
    ])
    #expect(
      arguments == [
        "a.txt", "--vocab-size=-5", "--lines", "-o", "out", "--special", "-", "--tie=hf", "--",
        "-x",
      ])
    #expect(
      parts.map(\.name) == [
        "corpus", "vocab-size", "lines", "output", "special", "tie", "corpus",
      ])
    #expect(parts.map(\.values) == [["a.txt"], ["-5"], [], ["out"], ["-"], ["hf"], ["-x"]])
  }

  @Test func `suggests what is near, and never the word itself`() {
    let words = ["train", "trim", "report"]
    #expect(nearest(to: "trian", among: words) == "train")
    #expect(nearest(to: "train", among: ["train"]) == nil)
    #expect(nearest(to: "completely", among: words) == nil)
  }

  @Test func `counts long times in days`() {
    #expect(formatDuration(3_753) == "1:02:33 h")
    #expect(formatDuration(86_400 * 120) == "120 days")
    #expect(formatDuration(.infinity) == "? s")
    #expect(formatAmount(1e300, unit: "tokens").hasSuffix("tokens"))
  }
}
