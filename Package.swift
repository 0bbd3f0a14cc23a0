// swift-tools-version: 6.2
import PackageDescription

// Modules in dependency order: each imports only modules of a lower level.
// Docs/Architecture.md says what belongs where, and gives the reason for every dependency.

/// Every target is compiled with strict memory safety: each unsafe expression says so.
/// A warning is an error where `TESSERA_WARNINGS_AS_ERRORS` is set, as continuous integration does.
let swiftSettings: [SwiftSetting] =
  [
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
  + (Context.environment["TESSERA_WARNINGS_AS_ERRORS"] == nil
    ? [] : [.treatAllWarnings(as: .error)])

let package = Package(
  name: "tessera",
  platforms: [.macOS("26.0")],
  products: [
    .executable(name: "tessera", targets: ["tessera"]),
    .library(name: "TesseraTokenizers", targets: ["TesseraTokenizers"]),
    .library(name: "TesseraCheckpoints", targets: ["TesseraCheckpoints"]),
    .library(name: "TesseraVocabulary", targets: ["TesseraVocabulary"]),
    .library(name: "TesseraModels", targets: ["TesseraModels"]),
    .library(name: "TesseraTraining", targets: ["TesseraTraining"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Level 0: C libraries of the system, our C kernels, and what knows no word of the domain.
    .systemLibrary(
      name: "CICU", pkgConfig: "icu-uc", providers: [.apt(["libicu-dev"]), .brew(["icu4c"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .target(name: "CTesseraKernels"),
    .target(
      name: "TesseraBasics", dependencies: ["CCrypto", "CZlib", "CZstd"],
      swiftSettings: swiftSettings),

    // Level 1: text on one side, numbers on the other.
    .target(
      name: "TesseraCorpora", dependencies: ["TesseraBasics"], swiftSettings: swiftSettings),
    .target(
      name: "TesseraTensors", dependencies: ["COpenBLAS", "CTesseraKernels", "TesseraBasics"],
      swiftSettings: swiftSettings),

    // Level 2: tokenizers, and the files of a model.
    .target(
      name: "TesseraTokenizers",
      dependencies: ["CICU", "CTesseraKernels", "TesseraBasics", "TesseraCorpora"],
      swiftSettings: swiftSettings),
    .target(
      name: "TesseraCheckpoints", dependencies: ["TesseraBasics", "TesseraTensors"],
      swiftSettings: swiftSettings),

    // Level 3: new tokens and their rows; transformers. Neither imports the other.
    .target(
      name: "TesseraVocabulary",
      dependencies: [
        "TesseraBasics", "TesseraCheckpoints", "TesseraCorpora", "TesseraTensors",
        "TesseraTokenizers",
      ],
      swiftSettings: swiftSettings),
    .target(
      name: "TesseraModels",
      dependencies: ["TesseraBasics", "TesseraCheckpoints", "TesseraTensors"],
      swiftSettings: swiftSettings),

    // Level 4: what sees both.
    .target(
      name: "TesseraTraining",
      dependencies: [
        "TesseraBasics", "TesseraCheckpoints", "TesseraCorpora", "TesseraModels", "TesseraTensors",
        "TesseraTokenizers", "TesseraVocabulary",
      ],
      swiftSettings: swiftSettings),

    // Level 5: the command line.
    .executableTarget(
      name: "tessera",
      dependencies: [
        "TesseraBasics", "TesseraCheckpoints", "TesseraCorpora", "TesseraModels",
        "TesseraTensors", "TesseraTokenizers", "TesseraTraining", "TesseraVocabulary",
        .product(name: "ArgumentParser", package: "swift-argument-parser"), "Yams",
      ],
      swiftSettings: swiftSettings),

    // Tests: one target for each module, with the module's folders.
    .target(
      name: "TesseraTestSupport", dependencies: ["TesseraBasics"], swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraBasicsTests", dependencies: ["TesseraBasics", "TesseraTestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraCorporaTests",
      dependencies: ["TesseraBasics", "TesseraCorpora", "TesseraTestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraTensorsTests",
      dependencies: ["CTesseraKernels", "TesseraBasics", "TesseraTensors", "TesseraTestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraTokenizersTests",
      dependencies: [
        "CTesseraKernels", "TesseraBasics", "TesseraCorpora", "TesseraTestSupport",
        "TesseraTokenizers",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraCheckpointsTests",
      dependencies: [
        "TesseraBasics", "TesseraCheckpoints", "TesseraTensors", "TesseraTestSupport",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraVocabularyTests",
      dependencies: [
        "TesseraBasics", "TesseraCheckpoints", "TesseraCorpora", "TesseraTensors",
        "TesseraTestSupport", "TesseraTokenizers", "TesseraVocabulary",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraModelsTests",
      dependencies: [
        "TesseraBasics", "TesseraCheckpoints", "TesseraModels", "TesseraTensors",
        "TesseraTestSupport",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraTrainingTests",
      dependencies: [
        "TesseraBasics", "TesseraCheckpoints", "TesseraCorpora", "TesseraModels", "TesseraTensors",
        "TesseraTestSupport", "TesseraTokenizers", "TesseraTraining", "TesseraVocabulary",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TesseraToolTests",
      dependencies: ["TesseraBasics", "TesseraCheckpoints", "TesseraTestSupport", "tessera"],
      swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6]
)

// `make docs` builds the reference; nobody else needs the plugin that does it.
if Context.environment["TESSERA_DOCS"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
