// Which token is the longest one that a text begins with.
//
// A trie of bytes in a double array (Aoe: "An efficient digital search algorithm by using a
// double-array structure", IEEE Transactions on Software Engineering 15, 1989): the child of a node
// by a byte is at the node's base XOR the byte, if the label there is that byte. No two nodes have
// the same base, so a label says whose child it is. Following a path is waiting for memory, so nodes
// are small, and what ends at them lies beside:
//
//   bit   size  content
//     0      9  the byte that leads to the node; 256 where the slot is free
//     9      1  whether a token ends here
//    10     22  the base; 0, where all slots are free, for a node without children

/// The tokens of a core in which the longest prefix of a text is found.
@safe
struct TokenTrie: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` only.
  private let nodes: UnsafeMutablePointer<UInt32>
  private let root: Int
  /// The number of the token that ends at each node.
  private let numbers: UnsafeMutablePointer<UInt16>
  /// For each token the longest shorter one that its bytes begin with, or ``none``.
  private let prefixes: UnsafeMutablePointer<UInt16>

  /// What stands for no token.
  static let none = UInt32(UInt16.max)

  /// The trie of a core.
  ///
  /// - Parameters:
  ///   - core: The tokens, no two of which have the same bytes.
  ///   - tokens: Where their bytes are.
  /// - Complexity: O(*b* + *n* log *n*) time and O(*b*) memory for *n* tokens of *b* bytes in all.
  init(_ core: borrowing CoreVocabulary, _ tokens: TokenTable) {
    var builder = TokenTrieBuilder(SortedTokens(core, tokens))
    root = builder.placeAll()
    unsafe nodes = copyLarge(builder.nodes)
    unsafe numbers = copyLarge(builder.numbers)
    unsafe prefixes = copyLarge(builder.prefixes)
  }

  deinit {
    unsafe nodes.deallocate()
    unsafe numbers.deallocate()
    unsafe prefixes.deallocate()
  }

  /// The trie for the inner loop, which must not outlive it.
  var view: View { unsafe View(nodes: nodes, root: root, numbers: numbers, prefixes: prefixes) }

  /// The trie's memory, for the inner loop.
  @safe
  struct View {
    fileprivate let nodes: UnsafeMutablePointer<UInt32>
    fileprivate let root: Int
    fileprivate let numbers: UnsafeMutablePointer<UInt16>
    fileprivate let prefixes: UnsafeMutablePointer<UInt16>

    /// The longest token that some bytes begin with, and its size; 0 bytes if there is none.
    @inline(__always)
    @unsafe
    func longestToken(
      _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) -> (number: UInt32, size: Int) {
      var base = root
      var longest = 0
      var size = 0
      var index = 0
      while index < count {
        // SAFETY: `index` is below `count`, and behind every base there are slots for all bytes.
        let byte = unsafe UInt32(bytes[index])
        let slot = base ^ Int(truncatingIfNeeded: byte)
        let node = unsafe nodes[slot]
        if node & TokenNode.labelMask != byte { break }
        base = TokenNode.base(node)
        index &+= 1
        let ends = node & TokenNode.tokenBit != 0
        longest = ends ? slot : longest
        size = ends ? index : size
      }
      return unsafe (UInt32(numbers[longest]), size)
    }

    /// The longest shorter token that a token of the trie begins with, or ``TokenTrie/none``.
    @inline(__always)
    func prefix(of number: UInt32) -> UInt32 {
      // SAFETY: there are as many prefixes as tokens.
      unsafe UInt32(prefixes[Int(number)])
    }
  }
}

/// The fields of a node.
private enum TokenNode {
  static let labelMask: UInt32 = 511
  static let tokenBit: UInt32 = 512
  static let free: UInt32 = 256

  @inline(__always)
  static func base(_ node: UInt32) -> Int { Int(truncatingIfNeeded: node &>> 10) }
}

/// Tokens in the order of their bytes, in which those with a common prefix are side by side.
private struct SortedTokens {
  private(set) var numbers: [UInt16] = []
  private var bytes: [[UInt8]] = []

  init(_ core: borrowing CoreVocabulary, _ tokens: TokenTable) {
    let view = core.view
    let all = (0..<core.count).map { number in
      (number: UInt16(number), bytes: Array(tokens.bytes(of: view.id(of: UInt32(number)))!))
    }
    let sorted = all.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    numbers = sorted.map(\.number)
    bytes = sorted.map(\.bytes)
  }

  func size(at index: Int) -> Int { bytes[index].count }

  func byte(at index: Int, _ depth: Int) -> UInt8 { bytes[index][depth] }
}

/// Places the nodes of a trie, the deepest first.
private struct TokenTrieBuilder {
  private let tokens: SortedTokens
  private(set) var nodes: [UInt32] = []
  private(set) var numbers: [UInt16] = []
  private(set) var prefixes: [UInt16]
  /// Which slots are free, and which are some node's base, for each block of 256.
  private var free: [BlockSet] = []
  private var bases: [BlockSet] = []
  /// Blocks in which children are placed, and how often each one could not take some.
  private var open: [(block: Int, failures: Int)] = []

  private static let openLimit = 16
  private static let failureLimit = 64

  /// A node whose children are still to be placed.
  private struct Pending {
    /// The tokens that begin with the bytes that lead to the node, and how many bytes those are.
    var tokens: Range<Int>
    var depth: Int
    /// The node's slot, or `nil` for the root.
    var slot: Int?
    /// The last token on the way, or that ends here.
    var prefix: UInt16
  }

  init(_ tokens: SortedTokens) {
    self.tokens = tokens
    prefixes = [UInt16](repeating: UInt16(TokenTrie.none), count: tokens.numbers.count)
    addBlock()
    // The first block stays free, and its first word is no node's base but stands for none.
    open = []
  }

  /// Places all nodes.
  ///
  /// - Returns: The root's base.
  mutating func placeAll() -> Int {
    var root = 0
    let none = UInt16(TokenTrie.none)
    var stack = [Pending(tokens: 0..<tokens.numbers.count, depth: 0, slot: nil, prefix: none)]
    var labels: [UInt8] = []
    while var node = stack.popLast() {
      // The token that ends at a node is the first of its tokens.
      if let slot = node.slot, tokens.size(at: node.tokens.lowerBound) == node.depth {
        let number = tokens.numbers[node.tokens.lowerBound]
        prefixes[Int(number)] = node.prefix
        nodes[slot] |= TokenNode.tokenBit
        numbers[slot] = number
        node.prefix = number
        node.tokens.removeFirst()
      }
      if node.tokens.isEmpty { continue }
      let firstChild = stack.count
      labels.removeAll(keepingCapacity: true)
      while let first = node.tokens.first {
        let byte = tokens.byte(at: first, node.depth)
        var end = first + 1
        while end < node.tokens.upperBound, tokens.byte(at: end, node.depth) == byte { end += 1 }
        labels.append(byte)
        stack.append(
          Pending(tokens: first..<end, depth: node.depth + 1, slot: 0, prefix: node.prefix))
        node.tokens = end..<node.tokens.upperBound
      }
      let base = place(labels)
      if let slot = node.slot { nodes[slot] |= UInt32(base) << 10 } else { root = base }
      for (index, label) in labels.enumerated() {
        let slot = base ^ Int(label)
        nodes[slot] = UInt32(label)
        stack[firstChild + index].slot = slot
      }
    }
    return root
  }

  /// Takes slots for the children of a node.
  ///
  /// - Returns: The node's base.
  private mutating func place(_ labels: [UInt8]) -> Int {
    for index in open.indices {
      if let base = place(labels, in: open[index].block) { return base }
      open[index].failures += 1
    }
    open.removeAll { $0.failures >= Self.failureLimit }
    if open.count >= Self.openLimit { open.removeFirst() }
    addBlock()
    return place(labels, in: nodes.count / 256 - 1)!
  }

  private mutating func place(_ labels: [UInt8], in block: Int) -> Int? {
    // A base is possible if, for every label, the slot at base XOR label is free.
    var candidates = bases[block].complement
    for label in labels {
      candidates = candidates.intersection(free[block].exchanged(by: label))
      if candidates.isEmpty { return nil }
    }
    guard let offset = candidates.first else { return nil }
    bases[block].insert(offset)
    for label in labels { free[block].remove(offset ^ Int(label)) }
    return block * 256 + offset
  }

  private mutating func addBlock() {
    open.append((nodes.count / 256, 0))
    nodes.append(contentsOf: repeatElement(TokenNode.free, count: 256))
    numbers.append(contentsOf: repeatElement(UInt16(TokenTrie.none), count: 256))
    free.append(BlockSet().complement)
    bases.append(BlockSet())
  }
}

/// A set of numbers below 256.
private struct BlockSet {
  /// For each bit of a number, which numbers below 64 do not have it.
  private static let masks: [UInt64] = [
    0x5555_5555_5555_5555, 0x3333_3333_3333_3333, 0x0F0F_0F0F_0F0F_0F0F,
    0x00FF_00FF_00FF_00FF, 0x0000_FFFF_0000_FFFF, 0x0000_0000_FFFF_FFFF,
  ]

  private var words = SIMD4<UInt64>(repeating: 0)

  var complement: BlockSet { BlockSet(words: ~words) }

  var isEmpty: Bool { words == SIMD4(repeating: 0) }

  /// The smallest number.
  var first: Int? {
    for index in 0..<4 where words[index] != 0 {
      return index * 64 + words[index].trailingZeroBitCount
    }
    return nil
  }

  init() {}

  private init(words: SIMD4<UInt64>) { self.words = words }

  mutating func insert(_ number: Int) { words[number >> 6] |= 1 << UInt64(number & 63) }

  mutating func remove(_ number: Int) { words[number >> 6] &= ~(1 << UInt64(number & 63)) }

  func intersection(_ other: BlockSet) -> BlockSet { BlockSet(words: words & other.words) }

  /// The set of *n* XOR `label` for all *n* of this set.
  func exchanged(by label: UInt8) -> BlockSet {
    var result = words
    // Each bit of the label exchanges neighboring groups of numbers.
    for bit in 0..<6 where label >> UInt8(bit) & 1 == 1 {
      let mask = SIMD4(repeating: Self.masks[bit])
      let distance = SIMD4(repeating: UInt64(1 << bit))
      result = (result & mask) &<< distance | (result &>> distance) & mask
    }
    if label & 64 != 0 { result = SIMD4(result[1], result[0], result[3], result[2]) }
    if label & 128 != 0 { result = SIMD4(result[2], result[3], result[0], result[1]) }
    return BlockSet(words: result)
  }
}
