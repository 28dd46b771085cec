// swift-tools-version:6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")

let package = Package(
    name: "gatehouse",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "gatehouse", targets: ["gatehouse"]),
        .executable(name: "gatehouse-worker", targets: ["gatehouse-worker"]),
    ],
    traits: [
        .trait(
            name: "Llama",
            description: "Builds the model engine on llama.cpp (pkg-config llama) into gatehouse-worker."
        )
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.0"),
    ],
    targets: [
        .target(
            name: "GatewayCore",
            dependencies: [crypto],
            swiftSettings: settings
        ),
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
        ),
        .target(
            name: "GatewayTLS",
            dependencies: ["COpenSSL", nioCore, nioTLS, logging, lifecycle],
            swiftSettings: settings
        ),
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]
        ),
        .target(name: "Curl", dependencies: ["CCurl", nioCore, logging, lifecycle], swiftSettings: settings),
        .target(
            name: "GatewayProxy",
            dependencies: [
                "GatewayCore", "GatewayTLS", "Curl", nioCore, nioPosix, nioHTTP1, nioHTTP2, nioHPACK,
                nioTLS,
                logging, lifecycle,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayTokens",
            dependencies: ["GatewayCore", "Curl", .product(name: "JWTKit", package: "jwt-kit"), logging],
            swiftSettings: settings
        ),
        .systemLibrary(
            name: "CPcre2",
            pkgConfig: "libpcre2-8",
            providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "GatewayStore",
            dependencies: [
                "GatewayCore", "CPcre2", "CZlib", crypto, cryptoExtras, logging, lifecycle,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .target(name: "GatewayAPI", swiftSettings: settings),
        .target(name: "GatewayLog", dependencies: [logging], swiftSettings: settings),
        .target(
            name: "GatewayAdmin",
            dependencies: [
                "GatewayCore", "GatewayStore", "GatewayAPI", "GatewayTLS", "GatewayTokens", "GatewayWorkers",
                hummingbird,
                hummingbirdCore, nioCore, nioPosix, nioTLS, logging, lifecycle, crypto,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayWorkers",
            dependencies: [
                "GatewayCore", "Curl", logging, lifecycle, .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "gatehouse",
            dependencies: [
                "GatewayCore", "GatewayTLS", "Curl", "GatewayProxy", "GatewayTokens", "GatewayStore", "GatewayAPI",
                "GatewayAdmin", "GatewayWorkers", "GatewayLog", argumentParser, logging, lifecycle, unixSignals,
                nioCore, nioPosix, crypto,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        .systemLibrary(name: "CLlama", pkgConfig: "llama"),
        .target(
            name: "Llama",
            dependencies: [.target(name: "CLlama", condition: .when(traits: ["Llama"])), "GatewayAPI"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "gatehouse-worker",
            dependencies: ["Llama", "GatewayAPI", "GatewayLog", nioCore, nioPosix, nioHTTP1, argumentParser, logging],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayTestKit",
            dependencies: [
                "GatewayCore", "GatewayTLS", "Curl", "GatewayProxy", nioCore, nioPosix, nioHTTP1, nioTLS, logging,
                lifecycle,
            ],
            swiftSettings: settings
        ),
        .target(name: "CAllocations"),
        .executableTarget(
            name: "gatehouse-bench",
            dependencies: [
                "CAllocations", "GatewayCore", "GatewayStore", "GatewayTLS", "GatewayTestKit", nioCore, nioPosix,
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "GatewayCoreTests", dependencies: ["GatewayCore"], swiftSettings: settings),
        .testTarget(
            name: "GatewayTLSTests",
            dependencies: ["GatewayTLS", nioCore, nioPosix, nioTLS, nioEmbedded, logging],
            swiftSettings: settings
        ),
        .testTarget(name: "CurlTests", dependencies: ["Curl", nioCore, nioPosix, nioHTTP1], swiftSettings: settings),
        .testTarget(
            name: "GatewayProxyTests",
            dependencies: [
                "GatewayProxy", "GatewayCore", "GatewayTestKit", nioCore, nioHTTP1, nioHTTP2, nioHPACK, nioEmbedded,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayTokensTests",
            dependencies: [
                "GatewayTokens", "GatewayCore", "Curl", nioCore, nioPosix, nioHTTP1, logging, crypto,
                .product(name: "JWTKit", package: "jwt-kit"), cryptoExtras,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayStoreTests",
            dependencies: [
                "GatewayStore", "GatewayCore", logging, lifecycle, .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "GatewayLogTests", dependencies: ["GatewayLog", logging], swiftSettings: settings),
        .testTarget(name: "GatewayAPITests", dependencies: ["GatewayAPI"], swiftSettings: settings),
        .testTarget(
            name: "GatewayAdminTests",
            dependencies: [
                "GatewayAdmin", "GatewayStore", "GatewayAPI", "GatewayCore", "GatewayTLS", nioCore, logging,
                hummingbird,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatehouseTests",
            dependencies: [
                "gatehouse", "Curl", "GatewayAPI", "GatewayAdmin", "GatewayCore", "GatewayStore", "GatewayTLS",
                "GatewayTestKit", "GatewayWorkers", logging, lifecycle, nioCore, nioPosix, nioHTTP1, crypto,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayWorkersTests",
            dependencies: ["GatewayWorkers", "GatewayCore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LlamaTests",
            dependencies: ["Llama", .target(name: "CLlama", condition: .when(traits: ["Llama"])), "GatewayAPI"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["GatewayTestKit", "GatewayCore", "Curl", nioCore, nioHTTP1, nioHPACK, logging],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
