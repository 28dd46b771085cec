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
}
