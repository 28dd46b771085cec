import Testing

@testable import GatewayProxy

@Suite struct ForeignRequestIDTests {
    @Test(arguments: [
        "r-1", "0193a1b2-0000-7000-8000-0123456789ab", "0193A1B2-0000-7000-8000-0123456789AB",
        "Root=1-67891233-abcdef012345678912345678;Self=1-67891233-12456789abcdef012345678",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "task-0123456789012345678901", "a_job:7",
        "risk-assessment-of-a-long-name-1", "req_01JABCDEFGHJKMNPQRSTVWXYZ", "sk-1", "BAKIA01234567890123456789",
        "highgh_01234567890123456789",
    ])
    func `a client's own name of a request is kept`(id: String) {
        #expect(id.isRequestID)
    }

    @Test(arguments: [
        "sk-aaaaaaaaaaaaaaaa", "x-sk-proj-aaaaaaaaaaaa_aaaa", "ghk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa111111",
        "ghp_aaaaaaaaaaaaaaaaaaaa", "AKIAABCDEFGHIJKLMNOP", "hf_aaaaaaaaaaaaaaaaaaaa",
        "npm_aaaaaaaaaaaaaaaaaaaa", "AIzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "glpat-aaaaaaaaaaaaaaaa",
        "xoxb-aaaaaaaaaaaaaa", "id=AKIAABCDEFGHIJKLMNOP", "eyJhbGciOi.eyJzdWIi.c2ln",
        "password=C4n4ry", "a;OPENAI_API_KEY:C4n4ry", "?Sig=C4n4ry", "pg://bob:C4n4ry@db/x",
    ])
    func `a credential is none, whose place one of our own takes`(id: String) {
        #expect(!id.isRequestID)
    }
}
