import GatewayCore
import Testing

@Suite struct PathRewriteTests {
    @Test(arguments: [
        ("/score", "/predict", "/score", "/predict"), ("/score", "/predict", "/score/a/b", "/predict/a/b"),
        ("/score", "/predict", "/scores", "/scores"), ("/score", "/predict", "/v1/models", "/v1/models"),
        ("/score", "", "/score", "/"), ("/score", "", "/score/x", "/x"), ("", "/api", "/score", "/api/score"),
        ("/a/b", "/c", "/a/b", "/c"), ("/a/b", "/c", "/a", "/a"),
    ])
    func `a prefix is taken off whole segments and another put in its place`(
        strip: String,
        add: String,
        path: String,
        expected: String
    ) {
        #expect(PathRewrite(stripPrefix: strip, addPrefix: add).rewrite(path) == expected)
    }

    @Test(arguments: [
        ("/v1/models/half:predict", "/score", "/v1/models/half:predict"), ("/predict", "/score/a", "/predict/a"),
        ("/predict", "/docs", "/docs"), ("/", "/score", "/"), ("/", "/score/a", "/a"),
    ])
    func `a scoring route gets what is sent to score, and nothing else`(route: String, path: String, expected: String) {
        #expect(PathRewrite(scoringRoute: route)?.rewrite(path) == expected)
    }

    @Test(arguments: [nil, "/score", "", "predict", "/predict/", "/a?b", "/a/../b", "/a b"])
    func `what is no route of its own changes no path`(route: String?) {
        #expect(PathRewrite(scoringRoute: route) == nil)
    }
}
