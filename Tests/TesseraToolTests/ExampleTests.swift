import TesseraBasics
import TesseraTestSupport
import Testing

@testable import tessera

/// The examples of the help and of README.md: every one of them can be pasted.
@Suite struct ExampleTests {
  /// The folder that examples are meant to be run in.
  private static let root = fixturePath("../..")
  /// Options and arguments that name something to read.
  private static let inputs = ["model", "corpus", "replay", "tokenizer", "file", "folders"]

  @Test func `every example of the help can be run`() throws {
    let dump = try JSONValue(parsing: ToolRun(["--experimental-dump-help"]).output)
    let command = try #require(dump["command"])
    let verbs = try #require(command["subcommands"]?.array).filter { $0["discussion"] != nil }
    #expect(verbs.count >= VerbSyntax.verbs.count)
    for verb in [command] + verbs {
      let discussion = try #require(verb["discussion"]?.string)
      let name = verb["commandName"]?.string ?? ""
      let range = try #require(discussion.firstRange(of: "Example"), "\(name) has no example")
      let lines = discussion[range.lowerBound...].split(separator: "\n").dropFirst()
      let commands = Self.commands(in: lines.joined(separator: "\n"))
      #expect(!commands.isEmpty, "\(name)")
      // What another command's example makes may be used.
      try check(commands, made: ["adapted-hi", "adapted-sw", "extended-hi"])
    }
  }

  @Test func `every example of the README can be run, in this order`() throws {
    let text = String(
      decoding: try readFile(Self.root + "/README.md", limit: 1 << 20), as: UTF8.self)
    let blocks = text.components(between: "```sh\n", and: "```")
    let commands = blocks.flatMap(Self.commands)
    #expect(commands.count >= 4)
    try check(commands, made: [])
  }

  /// Parses commands, and sees to it that what they read is in the folder or made by one before.
  private func check(_ commands: [[String]], made: Set<String>) throws {
    var made = made
    for words in commands {
      let invocation = try Invocation(words)
      #expect(throws: Never.self, "\(words)") { _ = try Tessera.command(of: invocation) }
      for part in try #require(invocation.analyzed()).parts {
        if part.name == "output" { made.formUnion(part.values) }
        guard Self.inputs.contains(part.name) else { continue }
        for value in part.values where value != "-" {
          let path = String(value.split(separator: "=").last ?? "")
          #expect(made.contains(path) || Path.exists(Self.root + "/" + path), "\(words)")
        }
      }
    }
  }

  /// The words of each call of the tool in a text of shell, without its name.
  private static func commands(in text: String) -> [[String]] {
    let lines = text.replacing("\\\n", with: " ").replacing("|\n", with: "| ").split(
      separator: "\n")
    return lines.flatMap { line -> [[String]] in
      words(of: String(line)).split(separator: "|").filter { $0.first == "tessera" }
        .map { Array($0.dropFirst()) }
    }
  }

  /// The words of a line, with quotes taken off.
  private static func words(of line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character == " " {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}

extension String {
  /// The parts of the text that stand between two marks.
  fileprivate func components(between start: String, and end: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let first = rest.firstRange(of: start) {
      rest = rest[first.upperBound...]
      guard let last = rest.firstRange(of: end) else { break }
      parts.append(String(rest[..<last.lowerBound]))
      rest = rest[last.upperBound...]
    }
    return parts
  }
}
