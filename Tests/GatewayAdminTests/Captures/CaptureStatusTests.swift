import GatewayStore
import Testing

@testable import GatewayAdmin

/// Statuses by which captures are found.
@Suite struct CaptureStatusTests {
    @Test(
        arguments: [
            ("404", 404...404), ("1xx", 100...199), ("5xx", 500...599), ("500-599", 500...599), ("100-599", 100...599),
            ("0", 0...0),
        ] as [(String, ClosedRange<Int>)]
    )
    func `one, a hundred or a range of them is read`(text: String, range: ClosedRange<Int>) throws {
        #expect(try CaptureQuery.statuses(text) == range)
    }

    @Test(arguments: [
        "", "6xx", "0xx", "xx", "5Xx", "9", "99", "600", "99999", "599-500", "0-200", "4xx-5xx", "-", "²xx",
    ])
    func `what no answer has is refused with what can be written`(text: String) {
        #expect {
            try CaptureQuery.statuses(text)
        } throws: {
            "\($0)".hasPrefix("status: \(text.debugDescription) is no status; write one from 100 to 599")
        }
    }
}
